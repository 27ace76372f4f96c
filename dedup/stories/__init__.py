"""Stories: articles that report one event in other words.

``vectors`` makes a vector of words of each article, ``linking`` joins articles to stories,
``explaining`` says why, and ``tables`` writes it down.
"""
