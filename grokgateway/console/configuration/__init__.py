"""The configuration pages: a form made from the registry, its history, files in, out.

What a key is and which values it takes is the registry's business; these pages only
show and pass on.
"""
