"""The wall of pictures: runs that draw, and what they leave on the wall."""
