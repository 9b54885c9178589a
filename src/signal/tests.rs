mod feeds;
mod rows;
