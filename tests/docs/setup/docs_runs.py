# A project whose version 2, in production, cannot predict an event without a title; version 8 can.
from project import EventTopics, model, save

import foretell as ft

save(7)
EventTopics().save_model({**model(300), "untitled": True})
ft.Store().promote("EventTopics@2", "production", unchecked=True, why="the first")
