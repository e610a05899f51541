-- Search finds words in text without spaces. The index reads `indexed_text`, in which each character of such a script stands alone, or
-- the text itself if `indexed_text` is null. Maintenance fills it in for earlier passages.
ALTER TABLE passages ADD COLUMN indexed_text TEXT;

CREATE VIEW passages_indexed AS SELECT number, owner, coalesce(indexed_text, text) AS text FROM passages;

-- The old index treated marks on letters as spaces, which split Thai and Hindi words. A new tokenizer needs a new table. It has the
-- same name and columns, so that the previous version can still search. 50,000 passages take 1.3 s of CPU.
DROP TRIGGER passages_written;
DROP TRIGGER passages_deleted;
DROP TRIGGER passages_changed;
DROP TABLE passages_fts;
CREATE VIRTUAL TABLE passages_fts USING fts5 (
  owner,
  text,
  content = 'passages_indexed',
  content_rowid = 'number',
  tokenize = "porter unicode61 remove_diacritics 2 categories 'L* N* Co M*'"
);
INSERT INTO passages_fts (passages_fts, rank) VALUES ('secure-delete', 1);
INSERT INTO passages_fts (passages_fts) VALUES ('rebuild');

CREATE TRIGGER passages_written AFTER INSERT ON passages BEGIN
  INSERT INTO passages_fts (rowid, owner, text) VALUES (new.number, new.owner, coalesce(new.indexed_text, new.text));
END;
CREATE TRIGGER passages_deleted AFTER DELETE ON passages BEGIN
  INSERT INTO passages_fts (passages_fts, rowid, owner, text)
  VALUES ('delete', old.number, old.owner, coalesce(old.indexed_text, old.text));
END;
CREATE TRIGGER passages_changed AFTER UPDATE OF text, indexed_text ON passages BEGIN
  INSERT INTO passages_fts (passages_fts, rowid, owner, text)
  VALUES ('delete', old.number, old.owner, coalesce(old.indexed_text, old.text));
  INSERT INTO passages_fts (rowid, owner, text) VALUES (new.number, new.owner, coalesce(new.indexed_text, new.text));
END;
