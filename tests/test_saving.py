"A save can't destroy: kills at every step and at random moments, a full disk, two savers at once, and what the lists of changes may say."
import json, os, re, subprocess, sys, threading
import pytest
from helpers import ROOT, run_python
from transformers_lite.store import REMOVE, SAVED, lock_folder, saving, settle, write_text

# What the test processes share: two versions of everything that can be saved, each version telling its number in every file.
KINDS = '''
import json, os, random, resource, shutil, signal, sys, time, warnings
from pathlib import Path
import numpy as np, torch
from transformers_lite.store import saving
from transformers_lite.configuration import DistilBertConfig
from transformers_lite.distilbert import DistilBertModel
from transformers_lite.tokenizer import DistilBertTokenizer
from transformers_lite.tokenizer_fast import DistilBertTokenizerFast
from transformers_lite.feature_extractor import Wav2Vec2FeatureExtractor
from transformers_lite.processor import Wav2Vec2CTCTokenizer, Wav2Vec2Processor
warnings.simplefilter('ignore')
SIZES = dict(vocab_size=40, dim=8, n_heads=2, n_layers=2, hidden_dim=16, max_position_embeddings=16)
VOCAB = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', *'abcdefgh']

def model(v, shards=False):
    m = DistilBertModel(DistilBertConfig(**SIZES, version=v))
    for p in m.parameters(): p.data.fill_(v)
    return m, dict(max_shard_size='1KB' if shards else '5GB')
def ctc(v): return Wav2Vec2CTCTokenizer(vocab={t: i for i, t in enumerate(['<pad>', '<s>', '</s>', '<unk>', '|', *'ABCDEFGH'[:v + 1]])})
def processor(v): return Wav2Vec2Processor(Wav2Vec2FeatureExtractor(sampling_rate=1000 + v), ctc(v)), {}
def tokenizer(v, cls=DistilBertTokenizer): return cls(vocab={t: i for i, t in enumerate(VOCAB[:6 + v])}, model_max_length=100 + v), {}

def versions_of(folder, kind):
    "The set of versions that the files of a folder are of, as this library loads them."
    if kind == 'config': return {DistilBertConfig.from_pretrained(folder).version}
    if kind == 'model':
        m = DistilBertModel.from_pretrained(folder)
        return {m.config.version, *(int(x) for p in m.parameters() for x in p.unique())}
    if kind == 'tokenizer':
        t, f = DistilBertTokenizer.from_pretrained(folder), DistilBertTokenizerFast.from_pretrained(folder)
        return {len(t.vocab) - 6, t.model_max_length - 100, f.vocab_size - 6, f.model_max_length - 100}
    p = Wav2Vec2Processor.from_pretrained(folder)
    return {p.feature_extractor.sampling_rate - 1000, len(p.tokenizer.vocab) - 6,
            json.loads((folder/'processor_config.json').read_text())['feature_extractor']['sampling_rate'] - 1000}

def save(folder, kind, v, shards=False):
    if kind == 'config': return DistilBertConfig(**SIZES, version=v).save_pretrained(folder)
    obj, kw = model(v, shards) if kind == 'model' else globals()[kind](v)
    obj.save_pretrained(folder, **kw)

def visible(folder): return sorted(p.name for p in folder.iterdir())
'''

def play(script, *args):
    "Run a script after KINDS in a process of its own; it prints one JSON value."
    return json.loads(run_python(KINDS + script, OMP_NUM_THREADS='1', ARGS=json.dumps(args)).splitlines()[-1])

# A child process that saves is killed at the n-th step that changes the disk, for n = 1, 2, …, until it gets through.
EVERY_STEP = '''
def stop_at(n):
    "Let the process die, without any clean-up, just before the n-th call that changes a name or waits for the disk."
    left = [n]
    def dying(f):
        def g(*args, **kwargs):
            left[0] -= 1
            if left[0] == 0: os._exit(9)
            return f(*args, **kwargs)
        return g
    for name in 'replace', 'fsync', 'unlink': setattr(os, name, dying(getattr(os, name)))

root, (kind, old, new) = Path(os.environ['ROOT']), json.loads(os.environ['ARGS'])
old_shards, new_shards = old == 'shards', new == 'shards'
save(root/'old', kind, 1, old_shards); save(root/'new', kind, 2, new_shards)
files, seen, n, done = {1: visible(root/'old'), 2: visible(root/'new')}, [], 0, False
while not done:
    n += 1
    shutil.rmtree(root/'now', ignore_errors=True); shutil.copytree(root/'old', root/'now')
    pid = os.fork()
    if pid == 0:
        stop_at(n)
        save(root/'now', kind, 2, new_shards)
        os._exit(0)
    done = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    got = versions_of(root/'now', kind)
    assert len(got) == 1, (n, got, visible(root/'now'))
    version = got.pop()
    assert visible(root/'now') == files[version], (n, version, visible(root/'now')) # loading cleared up
    seen.append(version)
print(json.dumps(seen))
'''

@pytest.mark.parametrize('kind, old, new', [('config', '', ''), ('tokenizer', '', ''), ('processor', '', ''),
                                            *[('model', a, b) for a in ('single', 'shards') for b in ('single', 'shards')]])
def test_killed_at_every_step(kind, old, new, tmp_path, monkeypatch):
    "Up to some step the old checkpoint is there, from then on the new one: whole, with no other file."
    monkeypatch.setenv('ROOT', str(tmp_path))
    seen = play(EVERY_STEP, kind, old, new)
    assert seen == sorted(seen) and seen[0] == 1 and seen[-1] == 2 and len(seen) > (3 if kind == 'config' else 8)

# kill -9 at random moments of a child that does nothing but save, alternately single and sharded, each save one version higher.
RANDOM = '''
root, (kind, kills) = Path(os.environ['ROOT']), json.loads(os.environ['ARGS'])
random.seed(kind)
now, version, seen, between, cleared = root/'now', 1, [], 0, 0
save(now, kind, 1)
start = time.perf_counter()
for _ in range(4): save(now, kind, 1)
one = (time.perf_counter() - start) / 4
for k in range(kills):
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0: # the versions go round, since a vocabulary can't grow for ever
        for i in range(1, 1000):
            save(now, kind, (version + i) % 7 + 1, shards=i % 2)
            os.write(w, b'.')
        os._exit(0)
    time.sleep(random.uniform(0, 5 * one)) # as long as a few saves take on this machine now
    os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code == -9, code
    os.close(w)
    count = len(os.read(r, 1000)); os.close(r)
    litter = [n for n in visible(now) if n.startswith('.')]
    cleared += bool(litter)
    got = versions_of(now, kind)
    assert len(got) == 1, (k, got, litter)
    got, start = got.pop(), version
    assert got in [(start + i) % 7 + 1 if i else start for i in (count, count + 1)], (start, count, got)
    version = got
    left = [n for n in visible(now) if n.startswith('.')]
    assert not left, left
    seen.append(count)
print(json.dumps([sum(seen), cleared]))
'''

@pytest.mark.parametrize('kind, kills', [('model', 60), ('tokenizer', 20), ('processor', 20)])
def test_killed_at_random(kind, kills, tmp_path, monkeypatch):
    "100 kills in all; each time the last finished save, or the one that was under way, is there, whole."
    monkeypatch.setenv('ROOT', str(tmp_path))
    saves, cleared = play(RANDOM, kind, kills)
    print(f'{kind}: {kills} kills, {saves} whole saves between them, {cleared} kills left something that loading cleared up')
    assert saves > 0 and cleared > kills / 10 # the kills did hit saves that were under way

# A disk that is full, as a limit on the size of a file.
FULL = '''
root, (kind, limits) = Path(os.environ['ROOT']), json.loads(os.environ['ARGS'])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
out = []
for i, limit in enumerate(limits):
    now = root/str(i)
    save(now, kind, 1, shards=i % 2)
    before = {p.name: p.read_bytes() for p in now.iterdir()}
    pid = os.fork()
    if pid == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try: save(now, kind, 2, shards=i % 3 == 0)
        except OSError as e: os._exit(3)
        except BaseException as e: print(type(e), e, file=sys.stderr); os._exit(4)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    got = versions_of(now, kind)
    if code: assert {p.name: p.read_bytes() for p in now.iterdir()} == before, (limit, visible(now))
    assert got == {2 if code == 0 else 1}, (limit, code, got)
    out.append(code)
print(json.dumps(out))
'''

@pytest.mark.parametrize('kind', ['config', 'model', 'tokenizer', 'processor'])
def test_full_disk(kind, tmp_path, monkeypatch):
    "OSError, the old files byte for byte, nothing else; and with room enough the new ones."
    monkeypatch.setenv('ROOT', str(tmp_path))
    limits = [0, 1, 10, 50, 100, 150, 300, 500, 700, 1000, 1500, 2000, 3000, 4000, 6000, 10**6]
    codes = play(FULL, kind, limits)
    assert {*codes} == {0, 3} and codes[0] == 3 and codes[-1] == 0

MIX = '''
root, (v, turns) = Path(os.environ['ROOT']), json.loads(os.environ['ARGS'])
while not (root/'go').exists(): time.sleep(.001)
for i in range(turns): save(root/'now', 'model', v, shards=(i + v) % 2)
print(json.dumps(sorted(versions_of(root/'now', 'model'))))
'''

def test_two_processes_do_not_mix(tmp_path):
    "Three programs that save into one folder without a pause: it is always one version, in the end too, and nothing is left over."
    env = {**os.environ, 'PYTHONPATH': str(ROOT), 'ROOT': str(tmp_path), 'OMP_NUM_THREADS': '1'}
    savers = [subprocess.Popen([sys.executable, '-c', KINDS + MIX], env={**env, 'ARGS': json.dumps([v, 40])}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for v in (1, 2, 3)]
    (tmp_path/'go').touch()
    outs = [p.communicate(timeout=300) for p in savers]
    assert all(p.returncode == 0 for p in savers), outs
    assert any(len(json.loads(o)) == 1 for o, _ in outs)
    left = {p.name for p in (tmp_path/'now').iterdir()}
    assert left == {'config.json', 'model.safetensors'} or left > {'config.json', 'model.safetensors.index.json'} and 'model.safetensors' not in left
    assert not [n for n in left if n.startswith('.')]

READ = '''
root = Path(os.environ['ROOT'])
save(root/'now', 'model', 1)
pid = os.fork()
if pid == 0:
    for i in range(10**6): save(root/'now', 'model', 2 + i % 6, shards=i % 2)
try: seen = [versions_of(root/'now', 'model') for _ in range(150)]
finally: os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
print(json.dumps([len(s) for s in seen] + [len({v for s in seen for v in s})]))
'''

def test_a_reader_gets_one_version(tmp_path, monkeypatch):
    "A model that is loaded while another process saves has the settings and the weights of one save."
    monkeypatch.setenv('ROOT', str(tmp_path))
    *counts, versions = play(READ)
    assert counts == [1] * 150 and versions > 2

def test_eight_threads_save_into_one_folder(tmp_path):
    def work(v):
        for _ in range(10):
            with saving(tmp_path) as new:
                for name in 'abc': write_text(new/name, v)
    threads = [threading.Thread(target=work, args=(v,)) for v in '12345678']
    for t in threads: t.start()
    for t in threads: t.join()
    assert len({(tmp_path/name).read_text() for name in 'abc'}) == 1 and len([*tmp_path.iterdir()]) == 3

# ---------------------------------------------------------------- the parts

STARTED = f'.{32 * "0"}.saving'
def names(folder): return sorted(p.name for p in folder.iterdir())

def test_saving(tmp_path):
    (tmp_path/'file').touch()
    with pytest.raises(ValueError, match='is a file.*Pass a folder'):
        with saving(tmp_path/'file'): pass
    folder = tmp_path/'a'/'b'
    with saving(folder) as new:
        write_text(new/'one', '1')
        with saving(new) as again: (again/'two').write_text('2') # joins it
        write_text(new/'one', 'I') # the later one counts
        assert new.parent == folder and not (folder/'one').exists() and not (folder/'two').exists()
    assert names(folder) == ['one', 'two'] and (folder/'one').read_text() == 'I'
    with saving(folder, replaces=re.compile('one|two')) as new: (new/'two').write_text('II')
    assert names(folder) == ['two'] and (folder/'two').read_text() == 'II'
    with saving(folder): pass
    assert names(folder) == ['two']
    with saving(folder, replaces=re.compile('t')): pass
    assert names(folder) == ['two'] # a whole name, not a part
    with saving(folder, replaces=re.compile('t.*')): pass
    assert names(folder) == []

def test_an_exception_drops_all(tmp_path):
    with saving(tmp_path) as new: (new/'a').write_text('old')
    for error in ZeroDivisionError, KeyboardInterrupt:
        with pytest.raises(error):
            with saving(tmp_path, replaces=re.compile('a')) as new:
                for name in 'ab': (new/name).write_text('new')
                raise error
        with pytest.raises(error):
            with saving(tmp_path) as new:
                with saving(new) as again: (again/'a').write_text('new')
                raise error
    assert names(tmp_path) == ['a'] and (tmp_path/'a').read_text() == 'old'
    write_text(tmp_path/'a', 'free again') # no lock is left

def test_a_folder_in_the_place_of_a_file(tmp_path):
    (tmp_path/'b').mkdir()
    with pytest.raises(OSError, match='is a folder, and a file of this name is to be saved'):
        with saving(tmp_path) as new:
            for name in 'abc': write_text(new/name, name)
    assert names(tmp_path) == ['b']

def test_no_folder_to_write_into(tmp_path):
    with pytest.raises(FileNotFoundError, match='Make it first'): write_text(tmp_path/'no'/'file', '')

def unfinished(folder, remove=(), **files):
    "Lay out a folder as a kill between steps 2 and 3 leaves it."
    (folder/SAVED).mkdir(parents=True)
    for name, text in files.items(): (folder/SAVED/name).write_text(text)
    if remove: (folder/SAVED/REMOVE).write_text(json.dumps({'names': [*remove]}))

def test_settle_finishes(tmp_path):
    for name in 'abd': (tmp_path/name).write_text('old')
    unfinished(tmp_path, remove=['b', 'c'], a='new', e='new')
    settle(str(tmp_path))
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == dict(a='new', d='old', e='new')

@pytest.mark.parametrize('name', ['../a', '/etc/passwd', '..', '.', '', 'x/../../a', 'b\\a', 7, None, ['a']])
def test_a_hidden_folder_from_a_stranger(name, tmp_path):
    "A downloaded folder may hold one; it can't reach out of the folder."
    inside = tmp_path/'in'
    inside.mkdir()
    for p in (tmp_path/'a', inside/'a'): p.write_text('mine')
    unfinished(inside, remove=[name])
    with pytest.raises(OSError, match='is no name of a file in'): settle(inside)
    assert names(tmp_path) == ['a', 'in'] and names(inside) == [SAVED, 'a']

@pytest.mark.parametrize('content', ['', '[]', '{}', '{"names": 3}', '{"names": {"a": '])
def test_a_hidden_folder_of_nonsense(content, tmp_path):
    (tmp_path/'a').write_text('mine')
    unfinished(tmp_path)
    (tmp_path/SAVED/REMOVE).write_text(content)
    with pytest.raises(OSError, match='was interrupted'): settle(tmp_path)
    assert (tmp_path/'a').read_text() == 'mine'

def test_a_hidden_link_is_not_followed(tmp_path):
    (tmp_path/'in').mkdir()
    (tmp_path/'out').mkdir()
    (tmp_path/'out'/'a').write_text('theirs')
    (tmp_path/'in'/SAVED).symlink_to('../out')
    settle(tmp_path/'in')
    assert names(tmp_path/'out') == ['a'] and names(tmp_path/'in') == [SAVED]

def test_a_reader_waits_for_nobody_and_removes_nothing_that_is_in_use(tmp_path):
    write_text(tmp_path/'a', 'old')
    with saving(tmp_path) as new:
        write_text(new/'a', 'new')
        reader = threading.Thread(target=settle, args=(tmp_path,))
        reader.start()
        reader.join(10)
        assert not reader.is_alive() and len(names(tmp_path)) == 2 and (tmp_path/'a').read_text() == 'old'
        settle(tmp_path) # nor does the saver's own thread
    assert names(tmp_path) == ['a'] and (tmp_path/'a').read_text() == 'new'

def test_a_folder_that_can_not_be_changed(tmp_path, monkeypatch):
    "What a kill before step 2 left doesn't keep anyone from reading; what it left after does, with the reason."
    (tmp_path/'a').write_text('old')
    (tmp_path/STARTED).mkdir()
    (tmp_path/STARTED/'a').write_text('half')
    def refuse(*args, **kwargs): raise PermissionError(13, 'read-only')
    with monkeypatch.context() as m:
        for f in 'unlink', 'replace', 'rmdir': m.setattr(os, f, refuse)
        settle(tmp_path)
        unfinished(tmp_path, a='new')
        with pytest.raises(OSError, match='was interrupted.*Make the folder writable'): settle(tmp_path)
    settle(tmp_path)
    assert names(tmp_path) == ['a'] and (tmp_path/'a').read_text() == 'new'

def test_the_lock_ends_though_a_child_lives_on(tmp_path):
    "A process that was forked during a save shares the lock's file; it must not keep the lock."
    with lock_folder(tmp_path) as ours:
        assert ours
        r, w = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.read(r, 1)
            os._exit(0)
    with lock_folder(tmp_path, wait=False) as again: assert again
    os.write(w, b'.')
    os.waitpid(pid, 0)
    for fd in r, w: os.close(fd)

def test_files_of_others_stay(tmp_path):
    "Only hidden folders with a name as we give it are cleared away."
    keep = ['.gitattributes', '.x.tmp', '.config.json.lock', f'{32 * "0"}.saving', f'.{32 * "z"}.saving', '.saving', 'pytorch_model.bin']
    for n in keep: (tmp_path/n).write_text('x')
    (tmp_path/STARTED).mkdir()
    write_text(tmp_path/'a', 'new')
    assert names(tmp_path) == sorted(keep + ['a'])
