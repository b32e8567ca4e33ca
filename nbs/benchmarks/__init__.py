"""How fast: transformers and transformers_lite side by side.

`make bench` runs all of it; the page is nbs/24_speed.ipynb."""
import os
# torch's profiler says when it begins and ends, each time
os.environ.setdefault('KINETO_LOG_LEVEL', '5')
