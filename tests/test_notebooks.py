"""Every code cell of every notebook is a test: named by notebook, cell number and heading, run in order in one namespace.

A single cell can be asked for (`pytest -k 02_model-017`): those before it are run first. nbdev decides which cells are run.
A cell that doesn't end is left behind after `LIMIT` seconds, in the thread that it runs in, and those below it are not run."""
import atexit, os, re, sys, traceback
from contextlib import chdir

import matplotlib.pyplot as plt, pytest, torch
from execnb.shell import CaptureShell
from fastcore.nbio import read_nb
from nbdev.test import nb_test_cells

from answers import exercises, report
from helpers import NOTEBOOKS, ROOT, free
from transformers_lite.messages import warn_once

LIMIT = 240 # seconds for a cell, less than pyproject.toml allows a test, so that a page's own words come first

def headings(path):
    "The heading that each cell of a notebook stands under."
    res, cur = [], 'Start'
    for cell in read_nb(path).cells:
        if cell.cell_type == 'markdown' and (m := re.match(r'#+ +(.+)', cell.source)): cur = m[1].strip()
        res.append(cur)
    return res

def params():
    for path in NOTEBOOKS:
        names = headings(path)
        for i,cell in enumerate(nb_test_cells(path)):
            name = f'{path.stem}-{cell.idx_+1:03d}-{names[cell.idx_]}'
            yield pytest.param(path, i, name, id=name)

def cell_traceback(exc):
    "The traceback from the cell down, without the machinery above it."
    tb = exc.__traceback__
    while tb and 'ipython' not in os.path.basename(tb.tb_frame.f_code.co_filename): tb = tb.tb_next
    return ''.join(traceback.format_exception(type(exc), exc, tb or exc.__traceback__))

class Run:
    "A notebook being run; cells are numbered from 0 among those that are run."
    def __init__(self, path, limit=LIMIT):
        self.path, self.limit, self.cells, self.done, self.broken = path, limit, nb_test_cells(path), 0, None
        warn_once.cache_clear() # a chapter shows a warning's first time, whatever ran before in this process
        with chdir(path.parent): self.shell = CaptureShell(path)

    def upto(self, i, name):
        "Run what has not been run up to cell `i`; fail with its source and traceback, or with the name of the cell that broke."
        if self.broken: pytest.fail(f"not run, because an earlier cell failed: {self.broken}", pytrace=False)
        while self.done <= i:
            cell = self.cells[self.done]
            self.done += 1
            self.broken = f'cell {cell.idx_+1} of {self.path.name}'
            with chdir(self.path.parent): self.shell.cell(cell, timeout=self.limit)
            if (exc := self.shell.exc):
                late = f'\n\nIt was here:\n{self.standing()}' if isinstance(exc, TimeoutError) and exc.__traceback__ is None else ''
                pytest.fail(f'{self.broken} (for {name})\n\n{cell.source}\n\n{cell_traceback(exc)}{late}', pytrace=False)
            self.broken = None

    def standing(self):
        "Where the thread stands that runs the cells."
        frames = traceback.extract_stack(sys._current_frames()[self.shell._thread.ident])
        return ''.join(traceback.format_list([f for f in frames if 'asyncio' not in f.filename][-12:]))

    def close(self):
        "Free what the notebook holds: IPython would keep every shell, with all its names, until the process ends."
        plt.close('all')
        self.shell.reset(new_session=False)
        atexit.unregister(self.shell.atexit_operations)
        self.shell.close()

@pytest.fixture(scope='module')
def opened():
    "A function that opens a notebook, or goes on with the one that is open; one at a time, since each holds models."
    runs = []
    def _open(path):
        if not runs or runs[-1].path != path:
            while runs: runs.pop().close()
            free()
            runs.append(Run(path))
        return runs[-1]
    yield _open
    while runs: runs.pop().close()

@pytest.fixture(scope='module', autouse=True)
def no_traces():
    "Notebooks write to temporary folders only."
    def _files(): return {p for p in (ROOT/'nbs').rglob('*') if '.ipynb_checkpoints' not in p.parts}
    with pytest.MonkeyPatch.context() as mp:
        mp.setenv('IN_TEST', '1') # as nbdev-test sets it
        before = _files()
        yield
        assert not (new := _files() - before), f'notebooks left files behind: {sorted(map(str, new))}'

def tried(path, cell, space):
    "At the last cell of an exercise: its check, tried with the empty answer, the solution and wrong ones, in the chapter's names."
    for ex in exercises(path):
        if ex.last != cell.id: continue
        with torch.random.fork_rng(devices=[]), chdir(path.parent): return [said for ok, said in report(ex, space) if not ok]

@pytest.mark.parametrize('path,i,name', list(params()))
def test_cell(path, i, name, opened):
    run = opened(path)
    run.upto(i, name)
    if faults := tried(path, run.cells[i], run.shell.user_ns): pytest.fail('\n\n'.join(['the check is wrong:', *faults]), pytrace=False)

def test_every_notebook_is_collected(): assert {p.values[0] for p in params()} == {p for p in NOTEBOOKS if p.stem != '27_glossary'} and len(NOTEBOOKS) > 5 # which has no code
