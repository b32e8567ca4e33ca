# The code of the guide "Create a custom architecture", Configuration to Processor, for PyTorch and without a framework; `# %%` stands between its blocks.

# %%
from transformers_lite import DistilBertConfig
config = DistilBertConfig()
print(config)

# %%
my_config = DistilBertConfig(activation="relu", attention_dropout=0.4)
print(my_config)

# %%
my_config = DistilBertConfig.from_pretrained("distilbert/distilbert-base-uncased", activation="relu", attention_dropout=0.4)

# %%
my_config.save_pretrained(save_directory="./your_model_save_path")

# %%
my_config = DistilBertConfig.from_pretrained("./your_model_save_path/config.json")

# %%
from transformers_lite import DistilBertModel
my_config = DistilBertConfig.from_pretrained("./your_model_save_path/config.json")
model = DistilBertModel(my_config)

# %%
model = DistilBertModel.from_pretrained("distilbert/distilbert-base-uncased")

# %%
model = DistilBertModel.from_pretrained("distilbert/distilbert-base-uncased", config=my_config)

# %%
from transformers_lite import DistilBertForSequenceClassification
model = DistilBertForSequenceClassification.from_pretrained("distilbert/distilbert-base-uncased")

# %%
from transformers_lite import DistilBertForQuestionAnswering
model = DistilBertForQuestionAnswering.from_pretrained("distilbert/distilbert-base-uncased")

# %%
from transformers_lite import DistilBertTokenizer
my_tokenizer = DistilBertTokenizer(vocab_file="my_vocab_file.txt", do_lower_case=False, padding_side="left")

# %%
from transformers_lite import DistilBertTokenizer
slow_tokenizer = DistilBertTokenizer.from_pretrained("distilbert/distilbert-base-uncased")

# %%
from transformers_lite import DistilBertTokenizerFast
fast_tokenizer = DistilBertTokenizerFast.from_pretrained("distilbert/distilbert-base-uncased")

# %%
from transformers_lite import ViTImageProcessor
vit_extractor = ViTImageProcessor()
print(vit_extractor)

# %%
from transformers_lite import ViTImageProcessor
my_vit_extractor = ViTImageProcessor(resample="PIL.Image.BOX", do_normalize=False, image_mean=[0.3, 0.3, 0.3])
print(my_vit_extractor)

# %%
from transformers_lite import Wav2Vec2FeatureExtractor
w2v2_extractor = Wav2Vec2FeatureExtractor()
print(w2v2_extractor)

# %%
from transformers_lite import Wav2Vec2FeatureExtractor
w2v2_extractor = Wav2Vec2FeatureExtractor(sampling_rate=8000, do_normalize=False)
print(w2v2_extractor)

# %%
from transformers_lite import Wav2Vec2FeatureExtractor
feature_extractor = Wav2Vec2FeatureExtractor(padding_value=1.0, do_normalize=True)

# %%
from transformers_lite import Wav2Vec2CTCTokenizer
tokenizer = Wav2Vec2CTCTokenizer(vocab_file="my_vocab_file.txt")

# %%
from transformers_lite import Wav2Vec2Processor
processor = Wav2Vec2Processor(feature_extractor=feature_extractor, tokenizer=tokenizer)
