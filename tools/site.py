"""Make the folder that the site of another language is built in: `python tools/site.py ja build/ja`.

It is a copy of the project with the chapters of that language, and `nbdev-docs` runs there as it does
here, with the profile `_quarto-ja.yml`. Quarto puts the lists of a profile behind those of
`_quarto.yml`; so what the profile has is taken out of the copy."""
import argparse, json, re, shutil
from pathlib import Path

import yaml
from transformers_lite.languages import catalogue, in_language, languages

ROOT = Path(__file__).resolve().parents[1]
PARTS = ('nbs', 'tools', 'transformers_lite', 'pyproject.toml', 'settings.ini', 'setup.py',
         'README.md')
OWN = ('navbar', 'right'), ('sidebar', 'contents') # lists of `website` that each profile has

def settings(
    language, # such as 'ja'
): # (name, text) for each file that Quarto reads
    "What the site's pages have in common, and the profile of a language."
    common = yaml.safe_load((ROOT/'_quarto.yml').read_text(encoding='utf-8'))
    for part, key in OWN: del common['website'][part][key]
    yield '_quarto.yml', yaml.safe_dump(common, allow_unicode=True, sort_keys=False)
    profile = f'_quarto-{language}.yml'
    yield profile, (ROOT/profile).read_text(encoding='utf-8')

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
    for name, text in settings(language): (home/'nbs'/name).write_text(text, encoding='utf-8')
    project = home/'pyproject.toml' # its pages link to one another, not to the English ones
    text = project.read_text(encoding='utf-8')
    project.write_text(re.sub(r'^(Documentation = ".+?)/?"$', rf'\1/{language}/"', text, flags=re.M),
                       encoding='utf-8')
    for path in (home/'nbs').glob('*.ipynb'):
        page = json.loads(path.read_text(encoding='utf-8'))
        told = in_language(page, catalogue(language, path.stem), language=language)
        path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + '\n', encoding='utf-8')

def main():
    p = argparse.ArgumentParser(prog='python tools/site.py', description=__doc__)
    p.add_argument('language', choices=languages())
    p.add_argument('home', type=Path, help='a folder; what is in it is lost')
    args = p.parse_args()
    make(args.language, args.home)

if __name__ == '__main__': main()
