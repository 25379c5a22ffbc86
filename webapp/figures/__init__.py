"""Figures for everybody: what came of public cases, added up by place, unit, kind and month."""
