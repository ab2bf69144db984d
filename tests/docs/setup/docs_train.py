# A project with two versions.
from project import save

import foretell as ft

save(2)
ft.Store().promote("EventTopics@1", "production", unchecked=True, why="the first")
