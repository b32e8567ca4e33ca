"Hands settings.ini to setuptools; the rest of the metadata is in pyproject.toml."
from configparser import ConfigParser
from setuptools import setup

cfg = ConfigParser()
cfg.read('settings.ini', encoding='utf-8')
d = cfg['DEFAULT']
def lines(key): return d[key].strip().splitlines()

setup(install_requires=d['requirements'].split(),
      extras_require={k.removesuffix('_requirements'): v.split() for k,v in d.items()
                      if k.endswith('_requirements')},
      entry_points={k: lines(k) for k in ('console_scripts', 'nbdev')},
      keywords=d['keywords'], classifiers=lines('classifiers'))
