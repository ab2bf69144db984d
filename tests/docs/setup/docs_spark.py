# A project with two versions, and a session of Spark's.
import os
import sys

from project import save
from pyspark.sql import SparkSession

from foretell import Store

save(2)
Store("models").promote("EventTopics@2", "production", unchecked=True, why="the docs need one")

os.environ["PYSPARK_PYTHON"] = sys.executable
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
