"What an editor and a type checker see in the sources themselves: methods, their arguments, and the types of what they give."
import os, re, subprocess, sys


from helpers import ROOT

def mypy(*args):
    "The lines that mypy, or another module of it, says."
    env = {**os.environ, 'PYTHONPATH': str(ROOT), 'TF_CPP_MIN_LOG_LEVEL': '3'}
    done = subprocess.run([sys.executable, '-m', *map(str, args)], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines()

USE = '''
import torch
from transformers_lite import (AutoConfig, AutoModel, AutoTokenizer, DistilBertConfig, DistilBertForSequenceClassification, DistilBertModel,
    DistilBertTokenizerFast, ViTConfig, ViTImageProcessor, ViTModel, Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC, Wav2Vec2Processor, follow)

config = DistilBertConfig(n_layers=2, activation=torch.relu)
config.dim += 1
model = DistilBertModel.from_pretrained('folder', dtype=torch.float16, config=config)
tokenizer = DistilBertTokenizerFast.from_pretrained('folder')
batch = tokenizer(['one', 'two'], padding=True, truncation=True, max_length=8, return_tensors='pt')
vectors = model(**batch).last_hidden_state
model.save_pretrained('folder', max_shard_size='1GB')
DistilBertForSequenceClassification(config).distilbert.embeddings.word_embeddings.weight.requires_grad_(False)
AutoModel.from_pretrained('folder').eval()
AutoConfig.from_pretrained('folder').to_json_string().upper()
AutoTokenizer.from_pretrained('folder').convert_tokens_to_ids('one')
ViTImageProcessor(size={'height': 32, 'width': 32}, resample='box', image_mean=[.1, .2, .3])('a.png', return_tensors='pt', size=8).pixel_values
width: int = ViTConfig().hidden_size
ViTModel(ViTConfig()).embeddings.patch_embeddings(torch.ones(1, 3, 224, 224))
Wav2Vec2FeatureExtractor.from_pretrained('folder')([.1, .2], sampling_rate=16000).input_values
Wav2Vec2Processor.from_pretrained('folder')(audio=[.1, .2], sampling_rate=16000)
Wav2Vec2ForCTC.from_pretrained('folder').freeze_feature_encoder()
follow(model, batch)
'''
SLIPS = {  # code: mypy's name of what is wrong with it
    "model.from_pretraned('folder')": 'operator', # a module's unknown names are tensors or modules, says torch
    "DistilBertModel.from_pretraned('folder')": 'attr-defined',
    "tokenizer('one', paddin=True)": 'call-arg',
    "tokenizer('one', max_length='8')": 'arg-type',
    "DistilBertConfig(dim='768')": 'arg-type',
    "name: str = config.dim": 'assignment',
    "text: str = tokenizer.pad_token_id": 'assignment',
    "model.save_pretrained()": 'call-arg',
    "DistilBertModel(ViTConfig())": 'arg-type',
    "ViTImageProcessor(size=32).sise": 'attr-defined',
    "model.num_parameters().upper()": 'attr-defined',
    "Wav2Vec2FeatureExtractor()([.1], samplingrate=16000)": 'call-arg',
}

def test_use(tmp_path):
    for slips in {}, SLIPS: # the second time mypy knows the package already
        code = USE + '\n'.join(slips)
        (tmp_path/'use.py').write_text(code)
        said = mypy('mypy', '--config-file', 'pyproject.toml', '--cache-dir', tmp_path/'cache', tmp_path/'use.py')
        found = {code.splitlines()[int(m[1]) - 1]: m[2] for s in said if (m := re.search(r'use\.py:(\d+): error: .*\[([\w-]+)\]$', s))}
        assert found == slips, said
