"""fairplace: who cannot reach the Minimum Income Standard, street by street, and what lies around."""

__version__ = "0.1.0"
