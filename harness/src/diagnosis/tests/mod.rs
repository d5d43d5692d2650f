//! Fixtures, and for each cause that it and only it is named.
