//! Messages, as a vendor reads them.
