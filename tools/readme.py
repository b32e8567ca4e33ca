"""Write README.md from nbs/index.ipynb, and README.ja.md from its Japanese: no hidden cells, no
directives, links from the top folder.

nbdev-readme does this through quarto, which no package registry carries; this needs nothing but
nbconvert."""
import json, re
from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter
from transformers_lite.languages import NAMES, catalogue, in_language, known_languages

def file_of(language): return 'README.md' if language == 'en' else f'README.{language}.md'

def readme(
    page, # the first page, as JSON
    language, # such as 'ja'
): # text
    "The first page as a README, with links to it in other languages under its title."
    nb = nbformat.reads(json.dumps(page), as_version=4)
    nb.metadata.language_info = dict(name='python')
    nb.cells = [c for c in nb.cells if not re.match(r'#\| *(hide|default_exp)', c.source)]
    for c in nb.cells: c.source = re.sub(r'^#\|.*\n', '', c.source, flags=re.M)
    text, _ = MarkdownExporter().from_notebook_node(nb)
    text = re.sub(r'\]\((\w+\.(ipynb|png))', r'](nbs/\1', text)
    text = re.sub(r'\n{3,}', '\n\n', text).strip() + '\n'
    others = [f'[{NAMES[x]}]({file_of(x)})' for x in ('en', *known_languages()) if x != language]
    title, rest = text.split('\n\n', 1)
    return f"{title}\n\n{' · '.join(others)}\n\n{rest}" if others else text

def main():
    index = json.loads(Path('nbs/index.ipynb').read_text(encoding='utf-8'))
    for language in ('en', *known_languages()):
        page = index
        if language != 'en': page = in_language(index, catalogue(language, 'index'))
        Path(file_of(language)).write_text(readme(page, language), encoding='utf-8')

if __name__ == '__main__': main()
