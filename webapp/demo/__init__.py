"""The demo: made-up cases at real places, told through the real submit and routing code, marked minh họa."""
