using ControlPlane.Core.Api;
using ControlPlane.Daemon.Rest.OpenApi;
using ControlPlane.Daemon.Rest.Resources;

namespace ControlPlane.Daemon.Rest;

/// <summary><c>/v1/host</c></summary>
internal static class HostEndpoints
{
    public static void MapHost(this IEndpointRouteBuilder v1) =>
        v1.MapRead("/host", Get)
            .WithTags(Tags.Host)
            .Described("getHost", "Read the host", "Versions of kernel, libbpf and daemon, and the kernel features as probed: for what is missing, the version that brings it.")
            .Answers<HostResource>(StatusCodes.Status200OK, "The host.")
            .Fails();

    private static IResult Get(HttpContext http, HostService host)
    {
        var request = RestRequest.Of(http).Read();
        return Answers.Ok(HostResource.From(host.Get(request)), RestJson.Instance.HostResource);
    }
}
