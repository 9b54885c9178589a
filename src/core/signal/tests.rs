mod feeds;
mod matches;
mod rows;
mod worth;
