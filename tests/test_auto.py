"Auto classes: the class that a folder asks for, whoever wrote it; the table is open, and says what is in it."
import json

import pytest
import torch
from torch import nn

from transformers_lite import auto
from transformers_lite.auto import *
from transformers_lite.configuration import DistilBertConfig, PretrainedConfig
from transformers_lite.heads import *
from transformers_lite.distilbert import DistilBertModel
from transformers_lite.model import PreTrainedModel
from transformers_lite.tokenizer import BertTokenizer, DistilBertTokenizer
from transformers_lite.tokenizer_fast import (BertTokenizerFast, DistilBertTokenizerFast,
                                              PreTrainedTokenizerFast)

SMALL = dict(vocab_size=8, dim=8, n_heads=2, n_layers=1, hidden_dim=16, max_position_embeddings=16)
HEADS = {AutoModel: DistilBertModel, AutoModelForSequenceClassification: DistilBertForSequenceClassification,
         AutoModelForTokenClassification: DistilBertForTokenClassification, AutoModelForQuestionAnswering: DistilBertForQuestionAnswering,
         AutoModelForMaskedLM: DistilBertForMaskedLM, AutoModelForMultipleChoice: DistilBertForMultipleChoice}

@pytest.fixture(autouse=True)
def own_table(monkeypatch): monkeypatch.setattr(auto, 'FAMILIES', {f: dict(kinds) for f, kinds in auto.FAMILIES.items()})

@pytest.fixture
def folder(tmp_path):
    "A classifier and its tokenizer."
    DistilBertForSequenceClassification(DistilBertConfig(**SMALL)).save_pretrained(tmp_path)
    DistilBertTokenizer(vocab={w: i for i, w in enumerate('[PAD] [UNK] [CLS] [SEP] [MASK] a b c'.split())}).save_pretrained(tmp_path)
    return tmp_path

def edit(path, **changes): path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

@pytest.mark.parametrize('auto_class', HEADS, ids=lambda c: c.__name__)
def test_the_class_of_each_head(tmp_path, auto_class):
    model = auto_class.from_config(DistilBertConfig(**SMALL))
    assert type(model) is HEADS[auto_class]
    model.save_pretrained(tmp_path)
    loaded, info = auto_class.from_pretrained(tmp_path, output_loading_info=True)
    assert type(loaded) is HEADS[auto_class] and not any(info.values())
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), loaded.parameters(), strict=True))

def test_config(folder):
    assert 'trust_remote_code' not in AutoConfig.from_pretrained(folder, trust_remote_code=True).to_dict()
    assert AutoConfig.from_pretrained(folder) == DistilBertConfig.from_pretrained(folder)
    assert AutoConfig.from_pretrained(folder/'config.json', attention_dropout=.3).attention_dropout == .3
    config, rest = AutoConfig.from_pretrained(folder, return_unused_kwargs=True, zebra=1)
    assert rest == {'zebra': 1} and config.dim == 8

def test_a_config_decides_the_family(folder):
    config = DistilBertConfig.from_pretrained(folder, num_labels=2, attention_dropout=.3)
    edit(folder/'config.json', model_type='another')
    assert AutoModelForSequenceClassification.from_pretrained(folder, config=config).config.attention_dropout == .3

@pytest.mark.parametrize('use_fast,cls', [(True, DistilBertTokenizerFast), (False, DistilBertTokenizer)])
@pytest.mark.parametrize('named', ['DistilBertTokenizer', 'DistilBertTokenizerFast', 'BertTokenizer', 'TokenizersBackend', None])
def test_tokenizer(folder, use_fast, cls, named): # 5.x writes 'BertTokenizer' or 'TokenizersBackend': then config.json says the family
    edit(folder/'tokenizer_config.json', tokenizer_class=named)
    tokenizer = AutoTokenizer.from_pretrained(folder, use_fast=use_fast, padding_side='left')
    assert type(tokenizer) is cls and tokenizer('a b').input_ids == [2, 5, 6, 3] and tokenizer.padding_side == 'left'

def test_tokenizer_without_a_model(folder):
    (folder/'config.json').unlink()
    assert type(AutoTokenizer.from_pretrained(folder, trust_remote_code=True)) is DistilBertTokenizerFast
    for named, cls in ('BertTokenizerFast', DistilBertTokenizerFast), ('TokenizersBackend', PreTrainedTokenizerFast), ('SomebodysTokenizer', PreTrainedTokenizerFast):
        edit(folder/'tokenizer_config.json', tokenizer_class=named)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        assert type(tokenizer) is cls and tokenizer('a b').input_ids == [2, 5, 6, 3]
    (folder/'tokenizer.json').unlink()
    with pytest.raises(OSError, match='config.json'): AutoTokenizer.from_pretrained(folder)

@pytest.mark.parametrize('model_type', ['bert', 'nomic_bert'])
@pytest.mark.parametrize('named', ['BertTokenizer', 'BertTokenizerFast', None])
def test_berts_tokenizer(folder, model_type, named): # as transformers: by the file, else by the family
    edit(folder/'tokenizer_config.json', tokenizer_class=named)
    edit(folder/'config.json', model_type=model_type)
    if named is None and model_type != 'bert':
        with pytest.raises(ValueError, match='no tokenizer. Known: bert, distilbert'): AutoTokenizer.from_pretrained(folder)
        return
    for use_fast, cls in (True, BertTokenizerFast), (False, BertTokenizer):
        tokenizer = AutoTokenizer.from_pretrained(folder, use_fast=use_fast)
        assert type(tokenizer) is cls and tokenizer('a b', 'c') == dict(
            input_ids=[2, 5, 6, 3, 7, 3], token_type_ids=[0, 0, 0, 0, 1, 1], attention_mask=[1]*6)
        tokenizer.save_pretrained(folder)
        assert json.loads((folder/'tokenizer_config.json').read_text())['tokenizer_class'] == 'BertTokenizer'

class ToyConfig(PretrainedConfig):
    model_type = 'toy'

class ToyModel(PreTrainedModel):
    config_class = ToyConfig
    def __init__(self, config):
        super().__init__(config)
        self.lin = nn.Linear(2, config.num_labels)

class ToyModel2(ToyModel): pass

@pytest.mark.parametrize('config_first', [True, False])
def test_register_in_either_order(tmp_path, config_first):
    steps = [lambda: AutoConfig.register('toy', ToyConfig), lambda: AutoModel.register(ToyConfig, ToyModel)]
    for step in steps if config_first else steps[::-1]: step()
    ToyModel(ToyConfig(num_labels=5)).save_pretrained(tmp_path)
    model = AutoModel.from_pretrained(tmp_path)
    assert type(model) is ToyModel and model.lin.out_features == 5

def test_registering_again_replaces(tmp_path):
    AutoConfig.register('toy', ToyConfig)
    for cls in ToyModel, ToyModel2:
        AutoModel.register(ToyConfig, cls)
        assert type(AutoModel.from_config(ToyConfig())) is cls

@pytest.mark.parametrize('again', [
    lambda **kw: AutoConfig.register('toy', ToyConfig, **kw), lambda **kw: AutoModel.register(ToyConfig, ToyModel, **kw),
    lambda **kw: AutoTokenizer.register(ToyConfig, DistilBertTokenizer, **kw), lambda **kw: AutoTokenizer.register(ToyConfig, None, DistilBertTokenizerFast, **kw)])
def test_exist_ok(again):
    again(exist_ok=False)
    with pytest.raises(ValueError, match="'toy' has its .* already"): again(exist_ok=False)
    again(exist_ok=True)
    again()

def test_an_inherited_family_replaces_nothing():
    class Wide(DistilBertConfig): pass
    class WideModel(DistilBertModel): config_class = Wide
    before = {f: dict(kinds) for f, kinds in auto.FAMILIES.items()}
    with pytest.raises(ValueError, match='model_type of its own'): AutoModel.register(Wide, WideModel)
    with pytest.raises(ValueError, match='model_type of its own'): AutoTokenizer.register(Wide, DistilBertTokenizer)
    with pytest.raises(ValueError, match='no model_type'): AutoModel.register(PretrainedConfig, PreTrainedModel)
    assert auto.FAMILIES == before
    AutoConfig.register('distilbert', Wide) # whoever says so replaces it
    AutoModel.register(Wide, WideModel)
    assert type(AutoModel.from_config(Wide(**SMALL))) is WideModel

def test_a_model_without_a_config_class_gets_it(tmp_path):
    class Plain(PreTrainedModel):
        def __init__(self, config):
            super().__init__(config)
            self.lin = nn.Linear(2, config.num_labels)
    AutoConfig.register('toy', ToyConfig)
    AutoModel.register(ToyConfig, Plain)
    Plain(ToyConfig(num_labels=4)).save_pretrained(tmp_path)
    model = AutoModel.from_pretrained(tmp_path)
    assert type(model.config) is ToyConfig and model.lin.out_features == 4

def test_a_configuration_cell_that_is_run_again(): # the model's cell still holds the class of the first run
    Again = type('ToyConfig', (PretrainedConfig,), dict(model_type='toy'))
    AutoConfig.register('toy', Again)
    AutoModel.register(Again, ToyModel)
    assert type(AutoModel.from_config(Again())) is ToyModel

def test_register_tokenizers(folder):
    class Mine(DistilBertTokenizer): pass
    AutoTokenizer.register(DistilBertConfig, slow_tokenizer_class=Mine)
    edit(folder/'tokenizer_config.json', tokenizer_class='Mine')
    assert type(AutoTokenizer.from_pretrained(folder, use_fast=False)) is Mine
    with pytest.raises(ValueError, match='slow_tokenizer_class'): AutoTokenizer.register(DistilBertConfig)

@pytest.mark.parametrize('changes,match', [
    (dict(model_type='distlbert'), "did you mean 'distilbert'"), (dict(model_type='mamba'), 'Known: distilbert'), (dict(model_type=None), 'Known: distilbert')])
@pytest.mark.parametrize('auto_class', [AutoConfig, AutoModel, AutoModelForMaskedLM], ids=lambda c: c.__name__)
def test_unknown_family(folder, auto_class, changes, match):
    edit(folder/'config.json', **changes)
    with pytest.raises(ValueError, match=match): auto_class.from_pretrained(folder)

def test_no_family(tmp_path): # the folder's name is no hint: transformers 4 takes this one for an OPT model
    folder = tmp_path/'my-opt-distilbert'
    PretrainedConfig().save_pretrained(folder)
    with pytest.raises(ValueError, match="no 'model_type'"): AutoConfig.from_pretrained(folder)

def test_a_kind_that_a_family_lacks():
    AutoConfig.register('toy', ToyConfig)
    with pytest.raises(ValueError, match='no masked_lm. Known: distilbert'): AutoModelForMaskedLM.from_config(ToyConfig())

def test_names_that_disagree():
    with pytest.raises(ValueError, match="model_type is 'toy'"): AutoConfig.register('toys', ToyConfig)
    with pytest.raises(ValueError, match='config_class is ToyConfig'): AutoModel.register(DistilBertConfig, ToyModel)

@pytest.mark.parametrize('cls', [AutoConfig, AutoTokenizer, *HEADS], ids=lambda c: c.__name__)
def test_auto_classes_are_not_made(cls):
    with pytest.raises(OSError, match=f'{cls.__name__}.from_pretrained'): cls()
