const response = await fetch('https://HOST/v1/videos', {
  method: 'POST',
  headers: {
    'Authorization': 'Bearer YOUR_API_KEY',
    'Content-Type': 'application/json'
  },
  body: JSON.stringify({
    model: 'sora-2',
    prompt: 'A video of a cool cat on a motorcycle in the night',
    size: '1280x720',
    seconds: '8'
  })
});
const result = await response.json();
console.log('Video ID:', result.id);
console.log('Status:', result.status);
