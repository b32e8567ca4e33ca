"One object of each kind, with what it is by transformers' classes."
import torch

import transformers_lite as lite

class Mine(lite.DistilBertForSequenceClassification): pass

class Own(lite.PreTrainedModel):
    "A family of one's own."
    def __init__(self, config):
        super().__init__(config)
        self.layer = torch.nn.Linear(2, 2)

def things():
    "{name: (an object of ours, names of classes of transformers that it is of, names of those that it isn't)}"
    config = lite.DistilBertConfig(vocab_size=50, dim=8, n_heads=2, n_layers=1, hidden_dim=8)
    model, name = lite.DistilBertForSequenceClassification(config).eval(), 'transformers-lite/distilbert-sentiment'
    fast, slow = lite.AutoTokenizer.from_pretrained(name), lite.DistilBertTokenizer.from_pretrained(name)
    both = lite.AutoProcessor.from_pretrained('transformers-lite/wav2vec2-morse')
    with torch.no_grad(): out = model(torch.tensor([[1, 2]]))
    return dict(
        config=(config, 'PretrainedConfig DistilBertConfig', 'PreTrainedModel ViTConfig'), generation=(lite.GenerationConfig(), 'GenerationConfig', 'PretrainedConfig'),
        model=(model, 'PreTrainedModel DistilBertPreTrainedModel DistilBertForSequenceClassification', 'DistilBertModel PretrainedConfig GenerationMixin'),
        mine=(Mine(config), 'PreTrainedModel DistilBertForSequenceClassification', 'DistilBertModel'), own=(Own(lite.PretrainedConfig()), 'PreTrainedModel', 'DistilBertPreTrainedModel'),
        writer=(lite.LlamaForCausalLM(lite.LlamaConfig(vocab_size=9, hidden_size=8, num_attention_heads=2, num_hidden_layers=1, intermediate_size=8)), 'PreTrainedModel LlamaForCausalLM GenerationMixin', 'LlamaModel'),
        fast=(fast, 'PreTrainedTokenizerBase PreTrainedTokenizerFast DistilBertTokenizerFast', 'PreTrainedTokenizer' if fast.is_fast else ''),
        slow=(slow, 'PreTrainedTokenizerBase PreTrainedTokenizer', 'PreTrainedTokenizerFast'), ctc=(both.tokenizer, 'PreTrainedTokenizer Wav2Vec2CTCTokenizer', 'PreTrainedTokenizerFast'),
        processor=(both, 'ProcessorMixin Wav2Vec2Processor', 'PreTrainedTokenizerBase'), sound=(both.feature_extractor, 'SequenceFeatureExtractor FeatureExtractionMixin Wav2Vec2FeatureExtractor', 'BaseImageProcessor'),
        picture=(lite.ViTImageProcessor(), 'BaseImageProcessor ImageProcessingMixin ViTImageProcessor', 'FeatureExtractionMixin'), quick=(lite.ViTImageProcessorFast(), 'BaseImageProcessor', 'FeatureExtractionMixin'),
        output=(out, 'utils.generic.ModelOutput modeling_outputs.SequenceClassifierOutput', 'modeling_outputs.BaseModelOutput'), batch=(fast('a film'), 'BatchEncoding', 'BatchFeature'),
        features=(lite.BatchFeature({'a': 1}), 'BatchFeature', 'BatchEncoding'))
