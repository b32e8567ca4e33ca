"""Fuzz the readers of config.json and of vocabularies by hand, with atheris (pip install atheris):

    python tools/fuzz.py config corpus-config -max_total_time=300 -max_len=400
    python tools/fuzz.py vocab corpus-vocab -max_total_time=300 -max_len=120

What it finds becomes a row of tests/test_bad_inputs.py."""
import json, os, sys, tempfile, warnings

import atheris
with atheris.instrument_imports(include=['transformers_lite', 'json']):
    from transformers_lite.configuration import DistilBertConfig
    from transformers_lite.store import read_json
    from transformers_lite.processor import read_ctc_vocab
    from transformers_lite.tokenizer import DistilBertTokenizer
    from transformers_lite.wordpiece import read_vocab

warnings.simplefilter('ignore')
path = os.path.join(tempfile.mkdtemp(), 'file')

def write(data):
    with open(path, 'wb') as f: f.write(data)

def config(data):
    "An object or OSError; then a configuration that comes back as it was, or a clear error."
    write(data)
    try: d = read_json(path)
    except OSError: return
    try: c = DistilBertConfig.from_dict(d)
    except (ValueError, KeyError) as e: assert len(str(e)) > 15, e
    else: assert DistilBertConfig.from_dict(json.loads(c.to_json_string(False))) == c

def vocab(data):
    "A table in which each token has its own id, and a tokenizer that works, or ValueError."
    write(data)
    for read in read_vocab, lambda p: read_ctc_vocab(p)[0]:
        try: ids = read(path)
        except ValueError as e: assert len(str(e)) > 15, e
        else: assert len({*ids.values()}) == len(ids)
    try: DistilBertTokenizer(vocab_file=path)('hello world')
    except ValueError: pass

if __name__ == '__main__':
    which = sys.argv.pop(1)
    atheris.Setup(sys.argv, dict(config=config, vocab=vocab)[which])
    atheris.Fuzz()
