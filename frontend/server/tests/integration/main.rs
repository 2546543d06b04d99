//! Tests of the frontend server through real sockets, one file per part of its interface.
