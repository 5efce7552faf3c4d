using System;
using System.Net.Http;
using System.Text;
using System.Threading.Tasks;
class Program
{
    static async Task Main(string[] args)
    {
        var client = new HttpClient();
        var url = "https://HOST/v1/videos";
        client.DefaultRequestHeaders.Add("Authorization", "Bearer YOUR_API_KEY");
        var json = @"{
            ""model"": ""sora-2"",
            ""prompt"": ""A video of a cool cat on a motorcycle in the night"",
            ""size"": ""1280x720"",
            ""seconds"": ""8""
        }";
        var content = new StringContent(json, Encoding.UTF8, "application/json");
        var response = await client.PostAsync(url, content);
        var result = await response.Content.ReadAsStringAsync();
        Console.WriteLine(result);
    }
}
