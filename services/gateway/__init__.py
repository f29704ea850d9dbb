"""JSON over HTTP for systems that cannot speak gRPC: the same methods, of the same protos."""
