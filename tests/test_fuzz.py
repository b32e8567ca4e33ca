"Folders that a stranger may have made: a few hundred of the hundred thousand that tools/fuzz.py made, and the proof that it would tell."
import json, sys

from helpers import ROOT, run, run_python

def test_folders_of_a_stranger(): # over 10 s: it starts torch, and that many folders are made and read
    "None hangs, fills the memory, writes elsewhere, reads what a setting names, or fails but by an error that says why."
    out = run(sys.executable, ROOT/'tools'/'fuzz.py', 300, '--seed', 2026)
    assert '300 folders of seed 2026, 0 faults' in out, out

BROKEN = { # what a reader could do wrong, and what is told of it
    "raise ZeroDivisionError('by zero, in a reader')": 'ZeroDivisionError: by zero',
    "raise ValueError('of some other library, and long')": 'not ours, ValueError',
    "open(home/'bait'/'x.json').close()": 'reads /bait/x.json',
    "open('/etc/hostname').close()": 'reads /etc/hostname',
    "open(home.parent/'elsewhere', 'w').close()": '/elsewhere',
    "os.system('true')": 'os.system',
    "exec('while True: pass')": 'Hang: more than 1 s',
    "bytearray(2**31)": 'MemoryError',
    "open(home/'left', 'w').close()": 'left behind: left',
    "os._exit(3)": 'ended with 3'}
CONTROL = """
import json, os, sys, tempfile
sys.path.insert(0, sys.argv[1])
import fuzz as f
from pathlib import Path
f.SECONDS = 1
with tempfile.TemporaryDirectory() as top:
    home, log = Path(top).resolve()/'f', Path(top)/'log'
    home.mkdir()
    fuzz, everything, told = f.Fuzz(home, 0), ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'tf_model.h5', 'pytorch_model.bin', 'model.gguf'], {}
    for does in json.loads(sys.argv[2]):
        exec(f'def read(d, home, deep): {does}', vars(f))
        f.READERS = dict.fromkeys(f.READERS, [(f.read, everything)])
        log.write_text('')
        def work():
            with log.open('a') as out: fuzz.many(0, 2, lambda s: (out.write(s), out.flush()))
        code = f.apart(work, log)
        fuzz.tidy()
        told[does] = f'{log.read_text()} ended with {code}'
print(json.dumps(told))
"""

def test_it_would_tell(): # negative controls, all in one process, since each start takes seconds
    told = json.loads(run(sys.executable, '-c', CONTROL, ROOT/'tools', json.dumps([*BROKEN]), PYTHONPATH=str(ROOT)).splitlines()[-1])
    for does, want in BROKEN.items(): assert want in told[does], (does, told[does])
    assert 'writes ' in told["open(home.parent/'elsewhere', 'w').close()"]

def test_a_folder_depends_on_its_number_alone():
    "So that what was found can be looked at again."
    code = f"""
import sys, tempfile, random, hashlib
sys.path.insert(0, {str(ROOT/'tools')!r})
import fuzz as f
from pathlib import Path
with tempfile.TemporaryDirectory() as top:
    home = Path(top).resolve()
    f.lay_out(home)
    path = home/'text'/'config.json'
    old = path.read_bytes()
    def made(i):
        f.change(random.Random(f'7/{{i}}'), path, home)
        new = path.read_bytes() if path.is_file() and not path.is_symlink() else b'-'
        path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
        path.write_bytes(old)
        return hashlib.sha1(new.replace(str(home).encode(), b'')).hexdigest()
    a, b = [made(i) for i in range(40)], [made(i) for i in range(40)]
    print(a == b, len(set(a)) > 30)
"""
    assert run_python(code).split() == ['True', 'True']
