"""The map's figures: what is public of each case, and sums of it by place, kept current beside the cases."""
