"""The Front desk."""
