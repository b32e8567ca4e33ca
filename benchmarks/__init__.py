"How fast: transformers and transformers_lite side by side. `make bench` runs all of it; the page is nbs/13_speed.ipynb."
