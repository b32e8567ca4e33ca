"Files: found, read and written without loss, from a folder, the hub's cache, and a small hub on this machine."
import errno, json, os, re, signal, subprocess, sys, threading
from base64 import b64decode

import numpy as np, pytest, torch
from hypothesis import given, settings, strategies as st
from safetensors.torch import save_file

from transformers_lite import files
from transformers_lite.features import *
from transformers_lite.files import *
from transformers_lite.messages import *
from transformers_lite.pretrained import *
from transformers_lite.store import *
from helpers import ROOT, Answering, run_python, serving

GOOD = '{"sails": 2}\n'

# ---------------------------------------------------------------- JSON

@pytest.mark.parametrize('content, why', [
    (b'\xef\xbb\xbf{"a": 1}', 'BOM'), (b'{"a": NaN}', 'NaN is no JSON'), (b'{"a": [1, -Infinity]}', '-Infinity is no JSON'),
    (b'{"a": {"b": 1, "c": 2, "b": 3}}', "'b' stands there twice"), (b'{"a":' * 100_000, 'recursion'), (b'[1]', 'holds a JSON list'), (b'3', 'holds a JSON int'),
    (b'{"a": 1', 'delimiter'), (b'', 'Expecting value'), (b'{"a": 1}{}', 'Extra data'), ('{"a": "é"}'.encode('latin-1'), 'utf-8')])
def test_read_json_refuses(tmp_path, content, why):
    path = tmp_path/'config.json'
    path.write_bytes(content)
    with pytest.raises(OSError, match=re.escape(why)) as e: read_json(path)
    assert str(path) in str(e.value)

def test_read_json_of_nothing(tmp_path):
    with pytest.raises(FileNotFoundError, match='config.json'): read_json(tmp_path/'config.json')
    with pytest.raises(OSError): read_json(tmp_path)

JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
                    lambda kids: st.lists(kids, max_size=3) | st.dictionaries(st.text(), kids, max_size=3), max_leaves=12)

@settings(deadline=None)
@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_json_round_trip(tmp_path_factory, d):
    path = tmp_path_factory.getbasetemp()/'round.json'
    write_text(path, to_json(d))
    assert read_json(path) == d
    assert to_json(d) == json.dumps(d, indent=2, sort_keys=True) + '\n'

def test_to_json_values():
    assert json.loads(to_json(dict(i=np.int64(7), f=np.float32(.5), a=np.array([1, 2]), t=torch.tensor([.5, 1])))) == dict(i=7, f=.5, a=[1, 2], t=[.5, 1])
    with pytest.raises(TypeError, match="<built-in function print> can't be kept"): to_json({'a': print})
    for bad in float('nan'), float('inf'):
        with pytest.raises(ValueError): to_json({'a': bad})

# ---------------------------------------------------------------- writing

def only(folder): return sorted(p.name for p in folder.iterdir())

def test_an_exception_keeps_the_old_file(tmp_path):
    path = tmp_path/'config.json'
    write_text(path, GOOD)
    with pytest.raises(ZeroDivisionError):
        with saving(tmp_path) as new:
            (new/path.name).write_text('half')
            1/0
    assert path.read_text() == GOOD and only(tmp_path) == ['config.json']

@pytest.mark.parametrize('step', ['fsync', 'replace'])
def test_a_full_disk_keeps_the_old_file(tmp_path, monkeypatch, step):
    path = tmp_path/'config.json'
    write_text(path, GOOD)
    def full(*args): raise OSError(errno.ENOSPC, 'No space left on device')
    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match='No space'): write_text(path, 'new')
    assert path.read_text() == GOOD and only(tmp_path) == ['config.json']

def test_a_killed_process_keeps_the_old_file(tmp_path):
    path = tmp_path/'config.json'
    write_text(path, GOOD)
    code = f"import time\nfrom transformers_lite.store import saving\nwith saving({str(tmp_path)!r}) as new:\n    (new/'config.json').write_text('half')\n    print('ready', flush=True)\n    time.sleep(60)"
    with subprocess.Popen([sys.executable, '-c', code], env={**os.environ, 'PYTHONPATH': str(ROOT)}, stdout=subprocess.PIPE, text=True) as p:
        assert p.stdout.readline() == 'ready\n'
        p.send_signal(signal.SIGKILL)
    assert path.read_text() == GOOD
    write_text(path, 'new')
    assert path.read_text() == 'new'

def test_readers_never_see_half_a_file(tmp_path):
    path, texts = tmp_path/'big.txt', ['a' * 200_000, 'b' * 200_000]
    write_text(path, texts[0])
    def write(text):
        for _ in range(20): write_text(path, text)
    writers = [threading.Thread(target=write, args=(t,)) for t in texts]
    for w in writers: w.start()
    seen = set()
    while any(w.is_alive() for w in writers): seen.add(path.read_text())
    for w in writers: w.join()
    assert seen <= set(texts) and only(tmp_path) == ['big.txt']

def test_permissions_are_those_of_other_new_files(tmp_path):
    (tmp_path/'other').touch()
    write_text(tmp_path/'text', 'x')
    with saving(tmp_path) as new: save_file({'w': torch.zeros(1)}, new/'weights')
    assert len({p.stat().st_mode for p in tmp_path.iterdir()}) == 1

def test_a_link_is_replaced_and_its_target_kept(tmp_path):
    (tmp_path/'blob').write_text(GOOD)
    (tmp_path/'config.json').symlink_to('blob')
    write_text(tmp_path/'config.json', 'new')
    assert (tmp_path/'blob').read_text() == GOOD and (tmp_path/'config.json').read_text() == 'new'

def test_write_text_is_the_same_everywhere(tmp_path):
    write_text(tmp_path/'t', 'é\n')
    assert (tmp_path/'t').read_bytes() == b'\xc3\xa9\n'

# ---------------------------------------------------------------- names

@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from('ab./\\:~ '), min_size=1), min_size=1, max_size=3))
def test_safe_join_stays_inside(parts):
    try: path = safe_join('/models/x', *parts)
    except OSError: return
    assert os.path.normpath(path).startswith('/models/x')

@pytest.mark.parametrize('bad', ['../x', '/x', 'a/../../x', 'a\\x', 'C:x', '..'])
def test_names_that_lead_out_raise(tmp_path, bad):
    for name in tmp_path, 'owner/repo':
        with pytest.raises(OSError, match='leads out of the folder'): cached_file(name, bad)
        with pytest.raises(OSError, match='leads out of the folder'): cached_file(name, 'x', subfolder=bad)
        with pytest.raises(OSError, match='leads out of the folder'): cached_file(name, bad, must_exist=False)

@pytest.fixture
def boat(tmp_path):
    "A folder with settings, and a subfolder with others."
    folder = tmp_path/'boat'
    (folder/'sub').mkdir(parents=True)
    (folder/'config.json').write_text(GOOD)
    (folder/'sub'/'config.json').write_text('{"sails": 1}')
    return folder

def test_cached_file_of_a_folder(boat, monkeypatch):
    assert cached_file(boat, 'config.json') == cached_file(str(boat), 'config.json') == cached_file(boat/'config.json', 'config.json') == boat/'config.json'
    assert cached_file(boat, 'config.json', subfolder='sub') == boat/'sub'/'config.json'
    assert cached_file(boat, 'config.json', subfolder=None) == boat/'config.json'
    assert cached_file(boat/'config.json', 'other.json').name == 'config.json' # a file path is taken as it is
    assert cached_file(boat, 'no', must_exist=False) is cached_file(boat, 'no', subfolder='none', must_exist=False) is cached_file(boat/'config.json', 'w.bin', must_exist=False) is None
    with pytest.raises(FileNotFoundError, match='has no file .w.bin.. It holds: config.json, sub'): cached_file(boat, 'w.bin')
    with pytest.raises(FileNotFoundError, match="has no folder 'none'"): cached_file(boat, 'w.bin', subfolder='none')
    with pytest.raises(FileNotFoundError, match="has no folder 'none/deep'"): cached_file(boat, 'none/deep/w.bin')
    with pytest.raises(OSError, match='Pass the folder that holds it'): cached_file(boat/'config.json', 'w.bin')
    monkeypatch.setenv('HOME', str(boat.parent))
    assert cached_file('~/boat', 'config.json') == boat/'config.json'

@pytest.mark.parametrize('name', ['./none', '../none', '/none', '~/none', 'a/b/c', 'C:\\none', '.'*3])
def test_a_path_is_never_asked_of_the_hub(name, monkeypatch):
    monkeypatch.setattr(files, 'hub_file', lambda *a, **k: pytest.fail('asked the hub'))
    for must_exist in True, False:
        with pytest.raises(OSError, match='There is no folder or file'): cached_file(name, 'config.json', must_exist=must_exist)

def test_a_folder_wins_over_a_repository(boat, hub_cache, tmp_path, monkeypatch):
    hub_cache('fleet/boat', boat)
    monkeypatch.chdir(tmp_path)
    (tmp_path/'fleet'/'boat').mkdir(parents=True)
    write_text(tmp_path/'fleet'/'boat'/'config.json', '{"sails": 9}')
    assert read_json(cached_file('fleet/boat', 'config.json')) == {'sails': 9}

def test_packaged(tmp_path, monkeypatch):
    monkeypatch.setattr(files, 'files', lambda _: tmp_path)
    with pytest.raises(OSError, match='These do: none'): cached_file('transformers-lite/boat', 'config.json')
    (tmp_path/'checkpoints'/'boat').mkdir(parents=True)
    write_text(tmp_path/'checkpoints'/'boat'/'config.json', GOOD)
    assert cached_file('transformers-lite/boat', 'config.json').read_text() == GOOD
    with pytest.raises(OSError, match='These do: transformers-lite/boat'): cached_file('transformers-lite/none', 'config.json')

def test_split_hub_kwargs():
    given = dict(subfolder='s', revision='r', cache_dir='c', token='t', local_files_only=True, force_download=False)
    assert split_hub_kwargs({**given, 'dim': 3}) == (given, {'dim': 3})

# ---------------------------------------------------------------- the cache

def test_the_cache_without_a_network(boat, hub_cache, tmp_path):
    hub_cache('fleet/boat', boat)
    (boat/'config.json').write_text('{"sails": 3}')
    snapshot = hub_cache('fleet/boat', boat, revision='v2')
    get = lambda **k: read_json(cached_file('fleet/boat', 'config.json', **k))['sails']
    assert get() == get(local_files_only=True) == get(revision='main') == get(cache_dir=tmp_path/'hub') == 2
    assert get(revision='v2') == get(revision=snapshot.name) == 3
    assert get(subfolder='sub') == 1
    assert cached_file('fleet/boat', 'none.json', must_exist=False) is cached_file('fleet/none', 'none.json', must_exist=False) is None

@pytest.mark.parametrize('name, options, why', [
    ('fleet/boat', {}, r'not in the cache, and offline mode is on|not in the cache, and the hub could not be asked'),
    ('fleet/boat', dict(local_files_only=True), 'local_files_only=True says'), ('boat', dict(local_files_only=True), 'no folder here and not in the cache'),
    ('fleet/boat', dict(revision='none', local_files_only=True), 'not in the cache'), ('a b/x', {}, 'no repository can have this name'), ('x--y', {}, 'no repository can have this name')])
def test_offline_messages(name, options, why, hub_cache, tmp_path):
    with pytest.raises(OSError, match=why) as e: cached_file(name, 'w.bin', **options)
    assert f"Can't get 'w.bin' of '{name}'" in str(e.value)

# ---------------------------------------------------------------- a small hub

COMMIT = 'c0ffee00' * 5
ERRORS = {'fleet/gated': (403, 'GatedRepo'), 'fleet/secret': (401, 'RepoNotFound'), 'fleet/busy': (400, '')}

class Hub(Answering):
    "As much of the hub's protocol as downloads and uploads of small files need."

    def do_GET(self):
        self.server.asked.append((self.command, self.path, self.headers.get('Authorization')))
        repo, rev, name = re.fullmatch(r'/(\w+/\w+)/resolve/([^/]+)/(.+)', self.path).groups()
        if repo in ERRORS:
            status, code = ERRORS[repo]
            return self.answer(status, X_Error_Code=code)
        if repo != 'fleet/boat': return self.answer(404, X_Error_Code='RepoNotFound')
        if rev not in ('main', COMMIT): return self.answer(404, X_Error_Code='RevisionNotFound')
        if name not in ('config.json', 'sub/config.json'): return self.answer(404, X_Error_Code='EntryNotFound', X_Repo_Commit=COMMIT)
        self.answer(body=GOOD.encode(), ETag=f'"{name.replace("/", "")}"', X_Repo_Commit=COMMIT)
    do_HEAD = do_GET

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0))).decode()
        self.server.asked.append((self.command, self.path, self.headers.get('Authorization')))
        url, answer = f'http://{self.headers["Host"]}', {}
        if self.path == '/api/repos/create':
            made = json.loads(body)
            answer = {'url': f"{url}/{made.get('organization', 'me')}/{made['name']}"}
        elif '/preupload/' in self.path:
            answer = {'files': [{'path': f['path'], 'uploadMode': 'regular', 'shouldIgnore': False} for f in json.loads(body)['files']]}
        elif '/commit/' in self.path:
            self.server.commits.append([json.loads(line) for line in body.splitlines()])
            answer = {'success': True, 'commitOid': COMMIT, 'commitUrl': f'{url}/fleet/new/commit/{COMMIT}', 'hookOutput': ''}
        self.answer(body=json.dumps(answer).encode(), Content_Type='application/json')

@pytest.fixture
def hub(tmp_path):
    "A hub on this machine, and a function that runs code against it in a fresh process."
    with serving(Hub, tmp_path/'hf', asked=[], commits=[]) as server:
        server.run = lambda code: run_python(code, **server.env)
        yield server

def test_downloads(hub):
    out = hub.run('''
from transformers_lite.files import cached_file
from transformers_lite.store import read_json
def get(name, filename='config.json', **k):
    try: path = cached_file(name, filename, **k)
    except OSError as e: return f'{type(e).__name__} {e}'
    return path and read_json(path)['sails']
for case in [('fleet/boat',), ('fleet/boat', 'none.json')]: print(get(*case))
for k in [dict(must_exist=False, filename='none.json'), dict(subfolder='sub'), dict(revision='v9'), dict(token='hf_boat'), dict(force_download=True), dict(local_files_only=True)]: print(get('fleet/boat', **k))
for name in 'fleet/gated', 'fleet/secret', 'fleet/none', 'fleet/busy': print(get(name))
''').splitlines()
    first, none, optional, sub, revision, token, again, cached, *errors = out
    assert [first, optional, sub, token, again, cached] == ['2', 'None', '2', '2', '2', '2']
    assert none == "FileNotFoundError Can't get 'none.json' of 'fleet/boat': the repository has no such file."
    assert "no revision 'v9'" in revision
    for line, why in zip(errors, ['gated: ask for access', 'check the spelling', 'check the spelling', 'the download failed (Bad request'], strict=True): assert line.startswith('OSError') and why in line, line
    assert sum(m == 'GET' and p.endswith('main/config.json') or p.endswith(f'{COMMIT}/config.json') and m == 'GET' for m, p, _ in hub.asked) == 2 # at first, and with force_download
    assert any(a == 'Bearer hf_boat' for _, _, a in hub.asked)

def test_a_hub_that_can_not_be_reached(tmp_path):
    out = run_python('''
import time
time.sleep = lambda s: None # huggingface_hub waits between its attempts
from transformers_lite.files import cached_file
try: cached_file('fleet/boat', 'config.json')
except OSError as e: print(e)
print(cached_file('fleet/boat', 'config.json', must_exist=False))
''', HF_ENDPOINT='http://127.0.0.1:9', HF_HUB_OFFLINE='0', HF_HOME=str(tmp_path))
    assert 'the hub could not be asked (are you offline?)' in out and out.endswith('None\n')

@pytest.mark.parametrize('error', [ConnectionResetError('peer closed connection'), RuntimeError('peer closed connection'), OSError(errno.ENOSPC, 'No space left on device')])
@pytest.mark.parametrize('must_exist', [True, False])
def test_a_download_that_breaks_off(monkeypatch, error, must_exist):
    "Whatever the HTTP library or the disk raises, and also for a file that may be absent: it is there, and we don't have it."
    def broken(*args, **kwargs): raise error
    monkeypatch.setattr('huggingface_hub.hf_hub_download', broken)
    with pytest.raises(OSError, match='the download failed') as e: cached_file('fleet/boat', 'config.json', must_exist=must_exist)
    assert e.value.__cause__ is error and str(error) in str(e.value)

def test_push_to_hub(hub):
    out = hub.run('''
from transformers_lite.configuration import DistilBertConfig
c = DistilBertConfig(n_layers=1)
print(c.push_to_hub('fleet/new', token='hf_boat', private=True).oid)
c.push_to_hub('fleet/new', token='hf_boat', revision='wide', commit_message='Wider', commit_description='by one', use_diff=False)
''')
    assert out == f'{COMMIT}\n'
    first, second = hub.commits
    assert [c[0]['value']['summary'] for c in hub.commits] == ['Upload DistilBertConfig', 'Wider'] and second[0]['value']['description'] == 'by one'
    files = [{op['value']['path']: json.loads(b64decode(op['value']['content'])) for op in c[1:]} for c in hub.commits]
    assert list(files[0]) == ['config.json'] and files[0]['config.json']['n_layers'] == 1
    assert 'return_dict' in files[1]['config.json'] and 'return_dict' not in files[0]['config.json']
    posts = [p for m, p, a in hub.asked if m == 'POST' and a == 'Bearer hf_boat']
    assert posts[0] == '/api/repos/create' and '/api/models/fleet/new/commit/main' in posts and '/api/models/fleet/new/branch/wide' in posts and '/api/models/fleet/new/commit/wide' in posts

# ---------------------------------------------------------------- batches

def test_to_tensor_kinds():
    ids, floats = [[1, 2], [3, 4]], [[1, .5], [.25, 2]]
    assert to_tensor(ids, 'pt').dtype == torch.int64 and to_tensor(ids, 'np').dtype == np.int64
    assert torch.equal(to_tensor(floats, 'pt'), torch.tensor(floats)) and to_tensor(floats, 'pt').dtype == torch.float32
    assert to_tensor([[True, False]], 'pt').dtype == torch.bool
    for dtype in 'float64', 'float32', 'int32', 'uint8':
        assert str(to_tensor([np.ones(2, dtype), np.ones(2, dtype)], 'pt').dtype) == f'torch.{dtype}'
    t = torch.ones(2)
    assert to_tensor(t, 'pt') is t and torch.equal(to_tensor([t, t], 'pt'), torch.ones(2, 2)) and to_tensor([], 'pt').shape == (0,)

@pytest.mark.parametrize('value, why', [([[1, 2], [3]], 'has rows of different lengths'), ([[1], 2], 'has rows of different lengths'), (['a', 'b'], 'holds str_ values'), ([None, 1], 'holds object_ values')])
@pytest.mark.parametrize('kind', ['np', 'pt', 'tf'])
def test_to_tensor_refuses(value, why, kind):
    with pytest.raises(ValueError, match=f'`ids` {why}'): to_tensor(value, kind, 'ids')

def test_to_tensor_unknown_kind():
    with pytest.raises(ValueError, match="return_tensors='jax' is unknown"): BatchFeature({'a': [1]}, 'jax')

def test_to_tensor_tf(monkeypatch):
    "TensorFlow's own conversion gets an array of the right dtype."
    from types import SimpleNamespace
    monkeypatch.setitem(sys.modules, 'tensorflow', SimpleNamespace(convert_to_tensor=lambda a: ('tf', a)))
    kind, a = to_tensor([[.5]], 'tf')
    assert kind == 'tf' and a.dtype == np.float32

def test_batch_feature():
    import copy, pickle
    b = BatchFeature({'ids': [[1, 2]], 'x': [[.5, 1]], 'text': ['hello']})
    assert b.ids == [[1, 2]] and dict(**b) == b.data and list(b) == ['ids', 'x', 'text'] and len(b) == 3 and 'ids' in b
    with pytest.raises(AttributeError, match="no 'idz' in this batch; it has ids, x, text"): b.idz
    assert not hasattr(b, 'idz') and pickle.loads(pickle.dumps(b)) == copy.deepcopy(b) == b
    t = BatchFeature({'ids': [[1, 2]], 'x': [[.5, 1]]}, 'pt')
    t['text'] = ['hello']
    assert t.to(torch.float16) is t and (t.ids.dtype, t.x.dtype, t.text) == (torch.int64, torch.float16, ['hello'])
    t.to('meta')
    assert t.ids.device.type == t.x.device.type == 'meta'
    t = BatchFeature({'ids': [[1, 2]], 'x': [[.5, 1]]}, 'pt').to(device='meta', dtype=torch.float64)
    assert (t.ids.dtype, t.ids.device.type, t.x.dtype) == (torch.int64, 'meta', torch.float64)

# ---------------------------------------------------------------- messages

def test_suggest():
    assert suggest('atention_dropout', ['dropout', 'attention_dropout']) == 'attention_dropout'
    assert suggest('favourite_colour', ['dropout', 'attention_dropout']) is suggest('x', []) is None
    assert suggest('rleu', ['relu', 'gelu']) is None and suggest('rleu', ['relu', 'gelu'], cutoff=.6) == 'relu'

def test_warn_once(recwarn):
    warn_once.cache_clear()
    for _ in range(2):
        for message in 'one', 'two': warn_once(message)
    assert [str(w.message) for w in recwarn] == ['one', 'two'] and recwarn[0].filename == __file__

def test_core_is_light():
    out = run_python("import sys, transformers_lite.pretrained, transformers_lite.features, transformers_lite.configuration\nprint([m for m in ('torch', 'numpy', 'PIL', 'huggingface_hub', 'tokenizers', 'safetensors') if m in sys.modules])")
    assert out == '[]\n'
