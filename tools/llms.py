"""Write nbs/llms.txt, the site's table of contents for language models: every chapter, in the order
of the sidebar. `make export` runs it.

nbdev-export writes one as well, of modules only, but leaves a file alone that lacks its mark."""
import json, re, tomllib
from pathlib import Path

import yaml

PROJECT = tomllib.loads(Path('pyproject.toml').read_text(encoding='utf-8'))['project']

def chapter(
    name, # file name of a notebook
): # a line of the list
    "Title, address of the page in Markdown, promise, and the module that it writes."
    cells = [''.join(c['source'])
             for c in json.loads(Path('nbs', name).read_text(encoding='utf-8'))['cells']]
    title, promise = re.match(r'# (.+)\n+> (.+)', cells[0]).groups()
    module = next((m[1] for c in cells if (m := re.match(r'#\| *default_exp (\S+)', c))), None)
    page = re.sub(r'^\d+[a-z]?_', '', Path(name).stem)
    wrote = f' Module `{PROJECT["name"]}.{module}`.' if module else ''
    return f"- [{title}]({PROJECT['urls']['Documentation']}{page}.html.md): {promise}{wrote}"

def contents():
    "The text of llms.txt."
    sidebar = yaml.safe_load(
        Path('_quarto.yml').read_text(encoding='utf-8'))['website']['sidebar']['contents']
    home, sections = sidebar[0]['href'], sidebar[1:]
    lines = [f"# {PROJECT['name']}", f"> {PROJECT['description']}",
             'Each chapter is a notebook that is library, documentation and tests at once; '
             'these are its pages in Markdown, with all code.', chapter(home)]
    for s in sections: lines += [f"## {s['section']}", '\n'.join(map(chapter, s['contents']))]
    source = PROJECT['urls']['Repository']
    lines += ['## Optional', f'- [The repository]({source}): notebooks, tests and tools\n'
              f'- [What changed]({source}/blob/main/CHANGELOG.md): version by version',
              '<!-- Written by tools/llms.py, from the chapters and the sidebar -->']
    return '\n\n'.join(lines) + '\n'

if __name__ == '__main__': Path('nbs/llms.txt').write_text(contents(), encoding='utf-8')
