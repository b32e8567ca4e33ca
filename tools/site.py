"""Make the folder that the site of another language is built in, such as
`python tools/site.py ja build/ja`.

It is a copy of the project with the chapters of that language, and `nbdev-docs` runs there as it
does here. Of the profile `_quarto-ja.yml` Quarto would put each list behind the one of
`_quarto.yml`, and nbdev leaves such a file behind; so the two are put together here, and a list
takes the other's place."""
import argparse, json, re, shutil
from pathlib import Path

import yaml
from transformers_lite.languages import catalogue, in_language, known_languages

ROOT = Path(__file__).resolve().parents[1]
PARTS = ('nbs', 'tools', 'transformers_lite', 'pyproject.toml', 'settings.ini', 'setup.py',
         'README.md')

def merged(
    common, # settings
    own, # others, which go first
): # both
    "Settings of one language."
    if not (isinstance(common, dict) and isinstance(own, dict)): return own
    return common | {k: merged(common.get(k), v) for k, v in own.items()}

def settings(
    language, # such as 'ja'
): # text
    "What Quarto reads."
    files = [ROOT/'_quarto.yml', ROOT/f'_quarto-{language}.yml']
    common, own = (yaml.safe_load(f.read_text(encoding='utf-8')) for f in files)
    return yaml.safe_dump(merged(common, own), allow_unicode=True, sort_keys=False)

def make(
    language, # such as 'ja'
    home, # a folder, made anew
):
    "Write the folder."
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    leave = shutil.ignore_patterns('__pycache__', '.ipynb_checkpoints', '_quarto*.yml')
    for part in PARTS:
        if (ROOT/part).is_dir(): shutil.copytree(ROOT/part, home/part, ignore=leave)
        else: shutil.copy(ROOT/part, home/part)
    (home/'nbs'/'_quarto.yml').write_text(settings(language), encoding='utf-8')
    project = home/'pyproject.toml' # its pages link to one another, not to the English ones
    text = project.read_text(encoding='utf-8')
    text = re.sub(r'^(Documentation = ".+?)/?"$', rf'\1/{language}/"', text, flags=re.M)
    project.write_text(text, encoding='utf-8')
    for path in (home/'nbs').glob('*.ipynb'):
        page = json.loads(path.read_text(encoding='utf-8'))
        told = in_language(page, catalogue(language, path.stem))
        path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + '\n', encoding='utf-8')

def main():
    p = argparse.ArgumentParser(prog='python tools/site.py', description=__doc__)
    p.add_argument('language', choices=known_languages())
    p.add_argument('home', type=Path, help='a folder; what is in it is lost')
    args = p.parse_args()
    make(args.language, args.home)

if __name__ == '__main__': main()
