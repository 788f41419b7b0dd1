"""Reports: values in, text out, one module per format; only `console` writes to a stream."""
