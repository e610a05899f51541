-- Words are found in text without spaces: the index reads `indexed_text`, in which every character of such a script stands alone, or
-- the text itself where that is the same. Maintenance writes it for the passages that are there.
ALTER TABLE passages ADD COLUMN indexed_text TEXT;

CREATE VIEW passages_indexed AS SELECT number, owner, coalesce(indexed_text, text) AS text FROM passages;

-- The old index took marks on letters for spaces: Thai and Hindi words fell apart. Another tokenizer needs another table, of
-- the same name and columns, so that the version before goes on searching. 50,000 passages take 1.3 s of CPU.
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
