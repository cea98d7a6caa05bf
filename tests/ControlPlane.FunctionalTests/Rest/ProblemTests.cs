using System.Net;
using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Api.Rest.Errors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using ControlPlane.TestCommon;

namespace ControlPlane.FunctionalTests.Rest;

public sealed class ProblemTests : RestTest
{
    [Fact]
    public async Task Error_IsAProblemWithAllItsMembers()
    {
        var answer = await Client.PutAsync("/v1/devmaps/default/attachments/held0", """{"mode":"native"}""");
        Assert.Equal(HttpStatusCode.Conflict, answer.Status);
        Assert.Equal("application/problem+json", answer.MediaType);
        Assert.Equal("/errors/attach_conflict", answer.Body["type"]!.GetValue<string>());
        Assert.Equal(ErrorCode.AttachConflict.Title(), answer.Body["title"]!.GetValue<string>());
        Assert.Equal(409, answer.Body["status"]!.GetValue<int>());
        Assert.Equal("/v1/devmaps/default/attachments/held0", answer.Body["instance"]!.GetValue<string>());
        Assert.Equal(Errno.EBUSY, answer.Body["errno"]!.GetValue<int>());
        Assert.NotNull(answer.Body["remedy"]);
        Assert.Equal("interfaces/held0", answer.Body["resource"]!.GetValue<string>());
        Assert.False(string.IsNullOrEmpty(answer.Body["requestId"]!.GetValue<string>()));
        Assert.False(answer.Body.ContainsKey("verifierLog"));
    }

    [Theory]
    [InlineData("/v1/nothing")]
    [InlineData("/v1/devmaps/default/entries/veth-a/more")]
    [InlineData("/nothing")]
    public async Task UnknownPath_IsAProblem(string path)
    {
        var answer = await Client.AskAsync("GET", path);
        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.Equal("application/problem+json", answer.MediaType);
        Assert.Equal("/errors/path_not_found", answer.Body["type"]!.GetValue<string>());
        Assert.Equal("path_not_found", answer.Code);
    }

    [Theory]
    [InlineData("POST", "/v1/devmaps", "GET, HEAD")]
    [InlineData("PATCH", RestClient.Entry, "DELETE, GET, HEAD, PUT")]
    [InlineData("DELETE", "/v1/devmaps", "GET, HEAD")]
    [InlineData("PATCH", "/v1/devmaps", "GET, HEAD")]
    [InlineData("POST", "/v1/devmaps/default", "DELETE, GET, HEAD, PUT")]
    [InlineData("PATCH", "/v1/devmaps/default", "DELETE, GET, HEAD, PUT")]
    [InlineData("POST", "/v1/host", "GET, HEAD")]
    [InlineData("DELETE", "/v1/host", "GET, HEAD")]
    [InlineData("PATCH", "/v1/host", "GET, HEAD")]
    [InlineData("POST", "/v1/devmaps/default:explain", "DELETE, GET, HEAD, PUT")]
    [InlineData("POST", "/v1/devmaps/default/entries:counters", "GET, HEAD")]
    public async Task WrongMethod_TellsTheRightOnes(string method, string path, string allowed)
    {
        var answer = await Client.AskAsync(method, path);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.Status);
        Assert.Equal(allowed, string.Join(", ", answer.Headers["Allow"].Split(", ").Order()));
        Assert.Equal("method_not_allowed", answer.Code);
    }

    [Fact]
    public async Task Options_TellsTheMethods()
    {
        var answer = await Client.AskAsync("OPTIONS", RestClient.Entry);
        Assert.Equal(HttpStatusCode.NoContent, answer.Status);
        Assert.Equal("DELETE, GET, HEAD, PUT", string.Join(", ", answer.Headers["Allow"].Split(", ").Order()));
    }

    [Fact]
    public async Task Head_AnswersLikeGetWithoutABody()
    {
        Assert.Equal(HttpStatusCode.OK, (await Client.AskAsync("HEAD", "/v1/devmaps/default")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Client.AskAsync("HEAD", "/v1/devmaps/nowhere")).Status);
    }

    [Fact]
    public async Task Type_LeadsToAPageForEveryCode()
    {
        var list = await Client.GetStringAsync(new Uri("/errors", UriKind.Relative), TestContext.Deadline());
        foreach (var code in Enum.GetValues<ErrorCode>())
        {
            using var page = await Client.GetAsync(new Uri($"/errors/{code.Text()}", UriKind.Relative), TestContext.Deadline());
            Assert.Equal((HttpStatusCode.OK, "text/html"), (page.StatusCode, page.Content.Headers.ContentType?.MediaType));
            Assert.Contains(code.Text(), await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            Assert.Contains($"/errors/{code.Text()}", list, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Document_HasEveryCodeWithItsStatus()
    {
        var text = await File.ReadAllTextAsync(Repository.PathOf("docs/errors.md"));
        var rows = Enum.GetValues<ErrorCode>().Select(code =>
            $"| `{code.Text()}` | {code.Title()} | {code.Http()} | {GrpcStatus(code)} |");
        Assert.Equal(rows.Order(), text.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Order());
    }

    // As the contract of gRPC writes its codes: FAILED_PRECONDITION.
    private static string GrpcStatus(ErrorCode code) => string.Concat(
        ControlPlane.Daemon.Api.Grpc.ErrorStatus.CodeOf(new Error(code, "")).ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? $"_{c}" : $"{c}")).ToUpperInvariant();

    [Fact]
    public void Catalogue_HasAStatusForEveryCode()
    {
        int[] known = [400, 401, 403, 404, 405, 409, 410, 412, 413, 415, 422, 429, 500, 501, 503, 507];
        Assert.All(Enum.GetValues<ErrorCode>(), code => Assert.Contains(code.Http(), known));
        Assert.Equal(429, ErrorCode.WriterBusy.Http());
        Assert.Equal(507, ErrorCode.DevmapFull.Http());
    }

    [Fact]
    public async Task FailuresOfTheDaemon_TellNoMoreThanTheyMay()
    {
        await using var daemon = await RestDaemon.StartAsync(configure: app =>
        {
            app.MapGet("/bug", IResult () => throw new InvalidOperationException("secret"));
            app.MapGet("/kernel", IResult () => throw new KernelException("bpf_map_lookup_elem", Errno.ENOMEM, "ENOMEM (Cannot allocate memory)") { VerifierLog = "0: log" });
            app.MapGet("/busy", IResult () => throw new ControlPlaneException(RequestErrors.WriterBusy(1)));
            app.MapGet("/later", IResult () => throw new ControlPlaneException(new Error(ErrorCode.ShuttingDown, "stops") { RetryAfter = TimeSpan.FromSeconds(2.5) }));
        });

        var bug = await daemon.Client.AskAsync("GET", "/bug");
        Assert.Equal(HttpStatusCode.InternalServerError, bug.Status);
        Assert.Equal("internal_error", bug.Code);
        Assert.DoesNotContain("secret", bug.Body.ToJsonString(), StringComparison.Ordinal);

        var kernel = await daemon.Client.AskAsync("GET", "/kernel");
        Assert.Equal("kernel_failure", kernel.Code);
        Assert.Equal(Errno.ENOMEM, kernel.Body["errno"]!.GetValue<int>());
        Assert.Equal("0: log", kernel.Body["verifierLog"]!.GetValue<string>());

        Assert.Equal("1", (await daemon.Client.AskAsync("GET", "/busy")).Headers["Retry-After"]);
        Assert.Equal("3", (await daemon.Client.AskAsync("GET", "/later")).Headers["Retry-After"]);
    }
}
