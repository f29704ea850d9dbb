"""The messages that methods answer with, by the names of the methods."""

from ihala.referrals.v1 import referrals_service_pb2 as pb

AcceptOffer = pb.AcceptOfferResponse
AcknowledgeOffer = pb.AcknowledgeOfferResponse
AddOffer = pb.AddOfferResponse
AgreeOffer = pb.AgreeOfferResponse
AnswerInfo = pb.AnswerInfoResponse
ArriveOffer = pb.ArriveOfferResponse
CancelOffer = pb.CancelOfferResponse
CloseTask = pb.CloseTaskResponse
CompleteOffer = pb.CompleteOfferResponse
CreatedOffer = pb.CreatedOffer
DeclineOffer = pb.DeclineOfferResponse
DepartOffer = pb.DepartOfferResponse
FailOffer = pb.FailOfferResponse
GetConsent = pb.GetConsentResponse
GetHandover = pb.GetHandoverResponse
GetReferral = pb.GetReferralResponse
ListConsents = pb.ListConsentsResponse
ListOffers = pb.ListOffersResponse
ListReferralEvents = pb.ListReferralEventsResponse
ListReferrals = pb.ListReferralsResponse
ListRosters = pb.ListRostersResponse
ListSuspendedOffers = pb.ListSuspendedOffersResponse
ListTasks = pb.ListTasksResponse
LookUpRequest = pb.LookUpRequestResponse
OverrideConsent = pb.OverrideConsentResponse
PauseRoster = pb.PauseRosterResponse
ProposeOffer = pb.ProposeOfferResponse
ReadOffer = pb.ReadOfferResponse
RecordConsent = pb.RecordConsentResponse
ReferralCount = pb.ReferralCount
RefuseOffer = pb.RefuseOfferResponse
RequestInfo = pb.RequestInfoResponse
RevokeReferral = pb.RevokeReferralResponse
SubmitHandover = pb.SubmitHandoverResponse
SummarizeReferrals = pb.SummarizeReferralsResponse
TakenPlace = pb.TakenPlace
TakeTask = pb.TakeTaskResponse
UpdateRoster = pb.UpdateRosterResponse
WaitlistOffer = pb.WaitlistOfferResponse
WatchReferrals = pb.WatchReferralsResponse
WatchTakenPlaces = pb.WatchTakenPlacesResponse
WatchTasks = pb.WatchTasksResponse
WithdrawConsent = pb.WithdrawConsentResponse
