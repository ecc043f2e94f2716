// The session is over: what the page shows is not for whoever sits there now.
const live = new EventSource('/live');
const leave = () => location.replace('/');
live.addEventListener('over', leave);
// A connection that broke is tried again by the browser; one that was refused is not.
live.addEventListener('error', () => live.readyState === EventSource.CLOSED && leave());
