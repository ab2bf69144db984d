# A project with three versions, a predictor and a frame.
from project import EventTopics, save, table

save(3)
predictor = EventTopics().load_model(3)
frame = table.slice(0, 50).to_pandas()
