"The command line, as a user types it: what it prints, what it says to a mistake, and how soon."
import io, json, os, subprocess, sys
from pathlib import Path

import pytest

from helpers import ROOT, TORCH, forked

def cli(*args, stdin='', fresh=False, **env):
    "Run the command line; what it printed, what it complained about, and its exit code. A process of its own has torch already, unless it is to be `fresh`."
    if not (fresh or env):
        code = f"import runpy, sys\nsys.argv = ['transformers_lite', *{[*map(str, args)]!r}]\nrunpy.run_module('transformers_lite', run_name='__main__')"
        out, err, status = forked(code, TORCH, stdin=stdin)
        return subprocess.CompletedProcess(args, status, out, err)
    env = {**os.environ, 'PYTHONPATH': str(ROOT), 'PYTHONIOENCODING': 'utf-8', 'HF_HUB_OFFLINE': '1', **env}
    return subprocess.run([sys.executable, '-m', 'transformers_lite', *map(str, args)], input=stdin, env=env, text=True, encoding='utf-8', capture_output=True)

def lines(*args, **kwargs):
    "What a command that must succeed prints, by line."
    res = cli(*args, **kwargs)
    assert (res.returncode, res.stderr) == (0, '')
    return res.stdout.splitlines()

GOOD, BAD = 'What a wonderful, moving film.', 'A dull and terrible waste of time.'

def test_demo():
    start = os.times() # a processor's time, since others may be at work
    out = '\n'.join(lines(fresh=True))
    end = os.times()
    assert end.children_user + end.children_system - start.children_user - start.children_system < 10
    for word in '1. The config', '2. The model', '3. The token', '4. The predict', '[CLS]', '##', 'positive', 'negative', '%', 'classify', 'Done in': assert word in out
    assert '\033' not in out and out.count('\n') < 78
    assert max(map(len, out.splitlines())) <= 130

def test_demo_by_name(): assert lines('demo')[:-10] == lines()[:-10] # the last ones begin with the seconds that it took

@pytest.mark.parametrize('kind', ['arguments', 'path', 'file', 'stdin', 'dash'])
def test_classify_takes_texts_from_anywhere(kind, tmp_path):
    path = tmp_path/'texts.txt'
    path.write_text(f'{GOOD}\n\n  {BAD}  \n', encoding='utf-8')
    out = lines('classify', *dict(arguments=(GOOD, BAD), path=(path,), file=('--file', path), stdin=(), dash=('-',))[kind],
                stdin=path.read_text(encoding='utf-8') if kind in ('stdin', 'dash') else '')
    assert [o.split()[0] for o in out] == ['positive', 'negative']
    assert [o.split('  ')[-1] for o in out] == [GOOD, BAD]
    assert all(50 <= float(o.split()[1].rstrip('%')) <= 100 for o in out)

def test_classify_json():
    rows = [json.loads(line) for line in lines('classify', '--json', GOOD, BAD, 'カタカナ "quoted"')]
    assert [r['text'] for r in rows] == [GOOD, BAD, 'カタカナ "quoted"'] and [r['label'] for r in rows[:2]] == ['positive', 'negative']
    assert all(0.5 <= r['score'] <= 1 for r in rows)

def test_batches_do_not_change_the_answer(): # more than one batch, lines of very different length
    texts = [GOOD, BAD, ' '.join([GOOD]*5)] * 40
    assert lines('classify', stdin='\n'.join(texts)) == lines('classify', *texts[:3]) * 40

def test_a_text_that_is_too_long_is_cut_and_said():
    res = cli('classify', GOOD*100)
    assert res.returncode == 0 and res.stdout.startswith('positive') and 'only the first 128 tokens are read' in res.stderr

def test_output_cut_by_head():
    p = subprocess.run(f'{sys.executable} -m transformers_lite classify | head -1', shell=True, input=f'{GOOD}\n'*3000, text=True, capture_output=True,
                       env={**os.environ, 'PYTHONPATH': str(ROOT)})
    assert p.stdout.startswith('positive') and p.stderr == ''

@pytest.mark.parametrize('args,stdin,says', [
    (['classify'], '', 'input is empty'), (['classify', ''], '', 'input is empty'), (['classify'], ' \n\n', 'input is empty'),
    (['classify', '--file', 'no/such.txt'], '', "can't read 'no/such.txt'"), (['classify', '--file', '.'], '', "can't read '.'"),
    (['classify', GOOD, '--file', 'x'], '', 'not both'), (['classify', '--model', './no-such-model', GOOD], '', 'no-such-model'),
    (['clasify', GOOD], '', 'invalid choice'), (['classify', '--jsn'], '', 'unrecognized arguments')])
def test_mistakes_are_answered_in_words(args, stdin, says):
    res = cli(*args, stdin=stdin)
    assert res.returncode == 2 and res.stdout == '' and says in res.stderr and 'Traceback' not in res.stderr

def test_a_file_that_is_not_text(tmp_path):
    path = tmp_path/'image.bin'
    path.write_bytes(b'\xff\xfe\x00\x80')
    res = cli('classify', '--file', path)
    assert res.returncode == 2 and 'not UTF-8' in res.stderr and 'Traceback' not in res.stderr

@pytest.mark.parametrize('args', [['--help'], ['classify', '--help']])
def test_help_needs_no_torch(args):
    code = f"import sys\nfrom transformers_lite.__main__ import main\ntry: main({args!r})\nexcept SystemExit as e: assert e.code == 0\nprint('torch' in sys.modules)"
    out = subprocess.run([sys.executable, '-c', code], env={**os.environ, 'PYTHONPATH': str(ROOT)}, text=True, capture_output=True).stdout
    assert 'classify' in out and out.endswith('False\n')

def test_colour_is_for_terminals(monkeypatch):
    from transformers_lite.__main__ import paint
    monkeypatch.setattr(sys, 'stdout', type('Tty', (), {'isatty': lambda self: True})())
    monkeypatch.setenv('TERM', 'xterm')
    monkeypatch.delenv('NO_COLOR', raising=False)
    assert paint('x', 32) == '\033[32mx\033[0m'
    monkeypatch.setenv('NO_COLOR', '1')
    assert paint('x', 32) == 'x'

def test_bars_are_ascii_where_the_terminal_is(): assert '█' in '\n'.join(lines()) and '█' not in cli(PYTHONIOENCODING='ascii:replace').stdout

# pictures and sound

DIGITS, MORSE = (ROOT/'transformers_lite'/'checkpoints'/o for o in ('vit-digits', 'wav2vec2-morse'))

def test_demo_walks_all_four():
    out = '\n'.join(lines())
    for word in '5. A picture', '6. A sound', 'HELLO, WORLD!', '3 (', 'HELLO, 0.', '@', '7. A writer', 'The film', 'This camera': assert word in out

@pytest.mark.parametrize('form', ['png', 'jpg', 'gif', 'webp', 'tiff', 'bmp'])
def test_classify_image(form, tmp_path):
    from PIL import Image
    files = []
    for f in sorted(DIGITS.glob('sample-*.png')):
        files.append(tmp_path/f'{f.stem}.{form}')
        Image.open(f).convert('RGB').resize((160, 160), Image.Resampling.BICUBIC).save(files[-1])
    out = lines('classify-image', *files)
    assert [o.split()[0] for o in out] == [f.stem.split('-')[1] for f in files] and all(str(f) in o for f, o in zip(files, out))
    rows = [json.loads(o) for o in lines('classify-image', '--json', *files)]
    assert [r['label'] for r in rows] == [o.split()[0] for o in out] and all(.3 < r['score'] <= 1 for r in rows)

@pytest.mark.parametrize('suffix,rate,channels', [('wav', 48000, 2), ('mp3', 44100, 2), ('flac', 8000, 1), ('ogg', 16000, 1), ('wav', 4000, 1)])
def test_transcribe(suffix, rate, channels, tmp_path):
    import numpy as np, soundfile as sf, soxr
    x, there = sf.read(MORSE/'sample.flac')
    y = soxr.resample(x, there, rate)
    sf.write(tmp_path/f'x.{suffix}', np.stack([y] * channels, 1), rate)
    assert lines('transcribe', tmp_path/f'x.{suffix}') == ['HELLO, WORLD!']
    row = json.loads(*lines('transcribe', '--json', tmp_path/f'x.{suffix}'))
    assert row['text'] == 'HELLO, WORLD!' and [w['word'] for w in row['words']] == ['HELLO,', 'WORLD!'] and 0 < row['words'][0]['end_time'] < row['words'][1]['start_time'] < len(x) / there

def test_a_long_sound_is_read_in_pieces(): # with cuts in the middle of words, and the same times
    import numpy as np
    from helpers import cells_of
    from transformers_lite import pipeline
    from transformers_lite.__main__ import PIECES
    book = cells_of('14_morse', 'MORSE', 'RATE')
    text = ' '.join(['THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG 0123456789'] * 4)
    x = book['morse'](text, wpm=22, snr=12, rng=np.random.default_rng(0))
    listen = pipeline(model=MORSE, return_timestamps='char')
    whole = listen(x)
    assert len(x) / 4000 > 100 and whole['text'] == text
    for cut in dict(chunk_length_s=33, stride_length_s=5), PIECES: # pieces of 23 s with margins of 5; those of the command
        pieces = listen(x, **cut)
        times = [[t for c in o['chunks'] for t in c['timestamp']] for o in (whole, pieces)]
        assert pieces['text'] == text and max(abs(a - b) for a, b in zip(*times)) < .1 < times[0][-1]

def test_a_sound_that_is_too_short(tmp_path): # one line
    import numpy as np, soundfile as sf
    sf.write(tmp_path/'x.wav', np.zeros(100, np.float32), 4000)
    res = cli('transcribe', tmp_path/'x.wav')
    assert res.returncode == 2 and res.stdout == '' and res.stderr.count('\n') == 1 and '100 samples' in res.stderr and 'give a longer one' in res.stderr

def test_words_of_a_sound_have_frames_and_times():
    from transformers_lite import AutoModelForCTC, AutoProcessor, load_audio
    row = json.loads(*lines('transcribe', '--json', MORSE/'sample.flac'))
    processor, model = AutoProcessor.from_pretrained(MORSE), AutoModelForCTC.from_pretrained(MORSE)
    ids = model(**processor(load_audio(MORSE/'sample.flac', 4000), sampling_rate=4000, return_tensors='pt')).logits[0].argmax(-1)
    direct = processor.decode(ids, output_word_offsets=True, seconds_per_frame=model.config.inputs_to_logits_ratio / 4000)
    assert row['words'] == direct.word_offsets and len(row['words']) == 2

@pytest.mark.parametrize('name,words', [('transformers-lite/vit-digits', ['ViTForImageClassification', 'image_size 8', 'labels        0, 1, 2', 'ViTImageProcessor', 'vit.encoder']),
    ('transformers-lite/wav2vec2-morse', ['Wav2Vec2ForCTC', '351,925', 'sampling_rate 4000', 'Wav2Vec2CTCTokenizer: 53 tokens', 'lm_head']),
    ('transformers-lite/distilbert-sentiment', ['DistilBertForSequenceClassification', '1,147,394', 'negative, positive', '9,000 tokens'])])
def test_inspect(name, words):
    for args in (name, ROOT/'transformers_lite'/'checkpoints'/name.split('/')[1]):
        out = '\n'.join(lines('inspect', args))
        for w in words: assert w in out, w

def test_inspect_reads_shards_as_loading_does(tmp_path):
    from transformers_lite import DistilBertConfig, DistilBertModel
    small = DistilBertModel(DistilBertConfig(vocab_size=9, dim=8, n_heads=2, n_layers=1, hidden_dim=8))
    small.save_pretrained(tmp_path, max_shard_size='2KB')
    index = tmp_path/'model.safetensors.index.json'
    names = json.loads(index.read_text())['weight_map']
    assert len({*names.values()}) > 1 and f'{small.num_parameters():,}' in '\n'.join(lines('inspect', tmp_path))
    index.write_text(json.dumps({'weight_map': {k: '../secret.safetensors' for k in names}}))
    res = cli('inspect', tmp_path)
    assert res.returncode == 2 and 'outside its folder' in res.stderr

@pytest.mark.parametrize('args,words', [(('classify-image', 'none.png'), 'no picture'), (('classify-image', __file__), "can't be read as a picture"), (('transcribe', 'none.wav'), 'no file'), (('transcribe', __file__), 'WAV, FLAC, OGG and MP3'),
    (('inspect', 'no/such/folder'), 'no folder'), (('transcribe', '--model', 'transformers-lite/vit-digits', str(MORSE/'sample.flac')), 'vit'), (('classify-image', '--model', 'transformers-lite/none', str(DIGITS/'sample-3.png')), 'does not ship')])
def test_mistakes_with_files(args, words):
    res = cli(*args)
    assert res.returncode == 2 and words in res.stderr and 'Traceback' not in res.stderr

# writing

def test_generate():
    "It goes on with the text; a seed gives the same text again, and another one another."
    said = lines('generate', 'The film is', '--seed', 1, '--tokens', 12)
    assert said[0].startswith('The film is ') and said == lines('generate', 'The film is', '--seed', 1, '--tokens', 12)
    assert len({*lines('generate', 'The film is', '--seed', 1, '--tokens', 12, '--json', '-n', 4)}) == 4

def test_generate_json_is_what_is_shown(): # texts may have several lines
    rows = [json.loads(o)['text'] for o in lines('generate', '--json', '--seed', 3, '-n', 3)]
    assert '\n'.join(rows) == '\n'.join(lines('generate', '--seed', 3, '-n', 3))

@pytest.mark.parametrize('args,says', [(['--tokens', '0'], 'max_new_tokens=0'), (['--temperature', '0'], 'above 0'), (['--model', 'transformers-lite/vit-digits'], "'vit'")])
def test_generate_answers_mistakes_in_words(args, says):
    res = cli('generate', 'The', *args)
    assert res.returncode == 2 and res.stdout == '' and says in res.stderr and 'Traceback' not in res.stderr

# every command with every bad file

EACH = '''
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from transformers_lite.__main__ import main
for args in json.loads(sys.argv[1]):
    streams = [io.TextIOWrapper(io.BytesIO(), 'utf-8', write_through=True) for _ in range(2)]
    try:
        with redirect_stdout(streams[0]), redirect_stderr(streams[1]): code = main(args) or 0
    except SystemExit as e: code = e.code
    except BaseException as e: code = repr(e)
    print(json.dumps([args, code, streams[1].buffer.getvalue().decode()]))
'''

def test_no_file_is_so_bad_that_a_traceback_comes(tmp_path):
    "A sound of 100 samples, an empty one, halves, other kinds, folders, settings that are none: an answer, or one line and exit code 2."
    import numpy as np, soundfile
    from PIL import Image
    sound, png = tmp_path/'short.wav', io.BytesIO()
    for name, x in dict(short=np.zeros(100), empty=np.zeros(0), nan=np.full(4000, np.nan), stereo=np.ones((9, 2))).items(): soundfile.write(tmp_path/f'{name}.wav', x.astype(np.float32), 16000, subtype='FLOAT')
    Image.new('RGB', (20, 20)).save(png, 'PNG')
    for name, data in {'half.png': png.getvalue()[:40], 'empty.png': b'', 'one.png': png.getvalue(), 'half.flac': (MORSE/'sample.flac').read_bytes()[:300], 'bytes': bytes(range(256)), 'nul.txt': b'a\0b\n'}.items(): (tmp_path/name).write_bytes(data)
    for name, text in dict(typed='{"model_type": "distilbert", "n_layers": "x"}', cut='{"model_type', other='{"model_type": "gpt9"}', list='[1]', nothing='{}').items():
        (tmp_path/name).mkdir()
        (tmp_path/name/'config.json').write_text(text)
        (tmp_path/name/'model.safetensors').write_bytes(bytes(20))
    commands = [['classify-image', '?'], ['transcribe', '?'], ['classify', '--file', '?'], ['inspect', '?'], ['classify', '--model', '?', 'hello'], ['transcribe', '--model', '?', str(sound)], ['classify-image', '--model', '?', str(tmp_path/'one.png')], ['generate', '--model', '?', 'hello']]
    calls = [[a.replace('?', str(f)) for a in c] for c in commands for f in sorted(tmp_path.iterdir())] + [[a.replace('?', f) for a in c] for c in commands[:4] for f in ('a\0b', 'x' * 5000)]
    p = subprocess.run([sys.executable, '-c', EACH, json.dumps(calls)], env={**os.environ, 'PYTHONPATH': str(ROOT)}, text=True, capture_output=True)
    told = [json.loads(line) for line in p.stdout.splitlines()]
    assert len(told) == len(calls) > 120 and not p.stderr
    for args, code, err in told: assert code == 0 or code == 2 and len(err.splitlines()) == 1, (args, code, err)
    good = [Path(args[-1]).name for args, code, _ in told if code == 0]
    assert 'one.png' in good and len(good) < 12
