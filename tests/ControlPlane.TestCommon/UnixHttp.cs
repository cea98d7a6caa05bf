using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace ControlPlane.TestCommon;

/// <summary>HTTP over a unix socket, and with tokens.</summary>
public static class UnixHttp
{
    /// <summary>Returns a client whose requests go to the socket.</summary>
    public static HttpClient Connect(string path) => Connect(() => path);

    /// <summary>Returns a client whose requests go to the socket that has this path when a connection is made.</summary>
    public static HttpClient Connect(Func<string> path) => new(new SocketsHttpHandler
    {
        EnableMultipleHttp2Connections = true,
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path()), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    })
    { BaseAddress = new Uri("http://localhost") };

    /// <summary>Returns a client that sends a token with every request.</summary>
    public static HttpClient Connect(Uri address, string token) =>
        new() { BaseAddress = address, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };

    /// <summary>Creates a token and returns its secret.</summary>
    public static async Task<string> CreateTokenAsync(this HttpClient http, object request)
    {
        using var answer = await http.PostAsJsonAsync("/v1/tokens", request);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? JsonNode.Parse(text)!["secret"]!.GetValue<string>() : throw new InvalidOperationException(text);
    }
}
