using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Explaining;
using ControlPlane.Daemon.Rest.OpenApi;
using ControlPlane.Daemon.Rest.Reading;
using ControlPlane.Daemon.Rest.Resources;
using Microsoft.Net.Http.Headers;

namespace ControlPlane.Daemon.Rest;

/// <summary><c>:explain</c> of a devmap and of an entry.</summary>
internal static class ExplainEndpoints
{
    private const string Page = "A page for people where `Accept` prefers `text/plain`: a line for each step with its remedy below it, the final word last. ";

    private static readonly QueryParameter Ingress = new("ingress", "The interface the frame comes in by. Left out for any that the redirect program runs on; required where the interface is the devmap's key and no key is given.");

    private static readonly QueryParameter Vlan = new("vlan", "The VLAN id of its tag; 0, or left out, for an untagged frame.") { Range = (0, 4095) };

    private static readonly QueryParameter Destination = new("dst", "Its IPv4 destination. Left out for a frame of another protocol.");

    private static readonly QueryParameter Length = new("length", "The length of its IP packet in bytes, as an MTU counts. Left out: MTUs are compared with all that can come in, and the egress program is run on a short frame.") { Range = (28, 65535) };

    public static void MapExplain(this IEndpointRouteBuilder v1)
    {
        v1.MapRead("/devmaps/{devmap}:explain", ExplainFrame)
            .WithTags(Tags.Devmaps)
            .Described("explainFrame", "Explain what becomes of a frame",
                "Follows the described frame through the devmap, check by check: which attachment sees it, its key, the entry or the miss action, each condition of the target, a dry run of the egress program, and the final word. Nothing is sent, changed or counted. " + Page)
            .Takes(Ingress with { Example = "lo" }, Vlan, Destination, Length)
            .Answers<ExplanationResource>(StatusCodes.Status200OK, "What becomes of the frame, and why.")
            .AnswersText()
            .Fails(ErrorCode.DevmapNotFound, ErrorCode.KernelFailure);

        v1.MapRead("/devmaps/{devmap}/entries/{key}:explain", ExplainEntry)
            .WithTags(Tags.Entries)
            .Described("explainEntry", "Explain what becomes of a frame with this key",
                "Follows a frame that has the key of this entry through the devmap, as `/v1/devmaps/{devmap}:explain` does. What the query says beside must be true of such a frame. " + Page)
            .Takes(Ingress, Vlan, Destination, Length)
            .Answers<ExplanationResource>(StatusCodes.Status200OK, "What becomes of the frame, and why.")
            .AnswersText()
            .Fails(ErrorCode.DevmapNotFound, ErrorCode.EntryNotFound, ErrorCode.KernelFailure);
    }

    private static IResult ExplainFrame(string devmap, HttpContext http, ExplainService explanations) => Explain(devmap, null, http, explanations);

    private static IResult ExplainEntry(string devmap, string key, HttpContext http, ExplainService explanations) => Explain(devmap, key, http, explanations);

    private static IResult Explain(string devmap, string? key, HttpContext http, ExplainService explanations)
    {
        var request = RestRequest.Of(http);
        var query = new ExplainQuery(
            key, request.Query.Text(Ingress.Name), request.Query.Number(Vlan.Name), request.Query.Text(Destination.Name), request.Query.Number(Length.Name));
        var explanation = explanations.Explain(devmap, query, request.Read());
        http.Response.Headers.Vary = HeaderNames.Accept;
        return Answers.PrefersText(http)
            ? TypedResults.Text(ExplanationText.Render(explanation, CallText.RestLine), "text/plain", System.Text.Encoding.UTF8)
            : Answers.Ok(ExplanationResource.From(explanation), RestJson.Instance.ExplanationResource);
    }
}
