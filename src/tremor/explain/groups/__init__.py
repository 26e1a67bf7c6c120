"""Attribution maps of many records compared: the event, not the record, is what was drawn."""
