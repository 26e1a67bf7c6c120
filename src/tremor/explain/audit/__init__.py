"""Whether an attribution is true, measured without knowing which method made it.

`cut` a record into parts, delete them in order (`curves`), at random (`sensitivity`), compare maps
(`similarity`) with those of another seed or of a network that has forgotten (`randomise`), and say
in words what came out (`checks`, `verdict`); `audit` gathers all of it for a set of records.
"""
