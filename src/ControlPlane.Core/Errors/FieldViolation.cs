namespace ControlPlane.Core.Errors;

/// <summary>One wrong field of a request.</summary>
/// <param name="Field">Where: the JSON path in camelCase, for instance <c>parameters.vlanId</c> or <c>key</c>.</param>
/// <param name="Message">What is wrong with it and what would be right.</param>
public sealed record FieldViolation(string Field, string Message);
