"""Modules:

- `transformers_lite.attention`: How the tokens of a text look at each other, as functions without parameters.
- `transformers_lite.auto`: Name a checkpoint, and get the class that fits it.
- `transformers_lite.configuration`: The numbers and names that say what a model is: read them, change them, save them.
- `transformers_lite.core`: Find a file, read it, write it without ever losing one: what every other chapter stands on.
- `transformers_lite.heads`: The last few layers that turn a model's vectors into an answer, and the losses that train them.
- `transformers_lite.model`: From a configuration to a network, and from a folder of files to a network that knows something."""

__version__ = "0.1.0"
