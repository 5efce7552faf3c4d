from openai import OpenAI

client = OpenAI(
    api_key="YOUR_API_KEY",
    base_url="https://HOST/v1/",
)
# 文生视频
video = client.videos.create(
    model="sora-2",
    prompt="A video of a cool cat on a motorcycle in the night",
    size="1280x720",
    seconds="8",
)
print("Video generation started:", video)
print(f"Video ID: {video.id}")
print(f"Status: {video.status}")
