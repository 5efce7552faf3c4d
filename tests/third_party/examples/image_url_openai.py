from openai import OpenAI
import requests
from io import BytesIO

client = OpenAI(
    api_key="YOUR_API_KEY",
    base_url="https://HOST/v1/",
)
# 从 URL 获取图片
image_url = "https://IMAGES/image.jpg"
response = requests.get(image_url)
image_data = BytesIO(response.content)
image_data.name = "image.jpg"
video = client.videos.create(
    model="sora-2",
    prompt="The scene comes to life with gentle movement",
    size="1280x720",
    seconds="8",
    input_reference=image_data,
)
print("Video generation started:", video)
