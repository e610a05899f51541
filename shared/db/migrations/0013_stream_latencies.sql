-- How streams of text models behave, by day and model: the time to the first text (milliseconds), and the time for 1,000 tokens. Both are
-- histograms with the buckets of `buckets`. An earlier version of the Worker leaves them as they are.
ALTER TABLE latency_days ADD COLUMN first_text_buckets TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(first_text_buckets));
ALTER TABLE latency_days ADD COLUMN token_buckets TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(token_buckets));
