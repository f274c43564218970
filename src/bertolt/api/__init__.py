"""The verbs as Python functions, one idea a file; ``bertolt`` itself gives those that a user calls.

run = bertolt.train("reviews.csv", epochs=2)
run.pipeline("A gorgeous film.").label
bertolt.evaluate(run.folder, "more-reviews.csv").metrics["accuracy"]
"""
