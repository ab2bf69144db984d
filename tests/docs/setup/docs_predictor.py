# Events, and a fitted pipeline.
from project import events
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

texts = [f"{event['title']} {event['description']}" for event in events]
model = make_pipeline(CountVectorizer(), LatentDirichletAllocation(5, max_iter=1, random_state=0)).fit(texts)
