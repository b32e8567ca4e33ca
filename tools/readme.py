"""Write README.md from nbs/index.ipynb: no hidden cells, no directives, links from the top folder.

nbdev-readme does this through quarto, which no package registry carries; this needs nothing but
nbconvert."""
import re
from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter

nb = nbformat.read('nbs/index.ipynb', as_version=4)
nb.metadata.language_info = dict(name='python')
nb.cells = [c for c in nb.cells if not re.match(r'#\| *(hide|default_exp)', c.source)]
for c in nb.cells: c.source = re.sub(r'^#\|.*\n', '', c.source, flags=re.M)
text, _ = MarkdownExporter().from_notebook_node(nb)
text = re.sub(r'\]\((\w+\.(ipynb|png))', r'](nbs/\1', text)
Path('README.md').write_text(re.sub(r'\n{3,}', '\n\n', text).strip() + '\n', encoding='utf-8')
